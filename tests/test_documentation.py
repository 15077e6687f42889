"""What the documents say is so: commands, options, defaults, examples, versions.

The README's examples run one after the other in one folder that holds `examples/`, as a reader would run them.
"""

from __future__ import annotations

import os
import re
import subprocess
import sys
from pathlib import Path
from typing import cast

import pytest
import typer

import dnabert_s_cli
from dnabert_s_cli.cli import app
from tests.locations import PROJECT
from tests.rules import documentation as rules

README = (PROJECT / "README.md").read_text(encoding="utf-8")
CHANGELOG = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
CITATION = (PROJECT / "CITATION.cff").read_text(encoding="utf-8")
ROOT = cast("rules.Command", typer.main.get_command(app))
BLOCKS = rules.examples(README)
SHELL = [one for one in BLOCKS if one.language == "bash" and list(rules.invocations(one.code))]
PYTHON = [one for one in BLOCKS if one.language == "python"]
SCRIPTS = [one for one in BLOCKS if one.language == "bash" and one.code.startswith("python examples/")]
RUNNING = [one for one in BLOCKS if one.runs and one in [*SHELL, *PYTHON, *SCRIPTS]]

# A small program and a document that says all of it, to plant mistakes in.
SMALL_README = """
### `dnabert-s embed`
| Option | Default | Meaning |
|---|---|---|
| `-o, --output` | `-` | where |
| `--window` | `20,000` | bp |
"""


@pytest.fixture(scope="module")
def readers_folder(tmp_path_factory: pytest.TempPathFactory) -> Path:
    folder = tmp_path_factory.mktemp("reader")
    (folder / "examples").symlink_to(PROJECT / "examples")
    return folder


@pytest.fixture(scope="module")
def readers_environment() -> dict[str, str]:
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    return {**os.environ, "PATH": path, "HF_HUB_OFFLINE": "1", "PYTHONPATH": str(PROJECT)}


def _place(block: rules.Example) -> str:
    return f"README.md:{block.line}"


def _small_program() -> rules.Command:
    small = typer.Typer(add_completion=False)

    @small.command()
    def embed(
        output: str = typer.Option("-", "-o", "--output"), window: int = typer.Option(20_000, "--window")
    ) -> None: ...

    @small.callback()
    def root() -> None: ...

    return cast("rules.Command", typer.main.get_command(small))


def test_every_command_and_option_is_in_the_readme() -> None:
    assert rules.undocumented(README, ROOT) == []


def test_no_option_in_the_readme_has_gone() -> None:
    assert rules.stale(README, ROOT) == []


def test_the_readme_states_the_true_defaults() -> None:
    assert rules.wrong_defaults(README, ROOT) == []


@pytest.mark.parametrize("block", SHELL, ids=_place)
def test_a_shell_example_asks_for_what_exists(block: rules.Example) -> None:
    assert rules.wrong_invocations(block.code, ROOT) == []


@pytest.mark.parametrize("block", RUNNING, ids=_place)
def test_an_example_runs(block: rules.Example, readers_folder: Path, readers_environment: dict[str, str]) -> None:
    program = ["bash", "-euo", "pipefail", "-c"] if block.language == "bash" else [sys.executable, "-c"]
    run = subprocess.run(
        [*program, block.code], cwd=readers_folder, env=readers_environment, capture_output=True, text=True, check=False
    )
    assert run.returncode == 0, run.stderr


def test_the_readme_shows_examples_of_both_kinds() -> None:
    assert SHELL
    assert PYTHON


def test_the_changelog_has_a_place_for_what_comes() -> None:
    assert re.search(r"^## \[Unreleased\]$", CHANGELOG, re.MULTILINE)


def test_the_newest_release_in_the_changelog_is_the_version() -> None:
    released = re.findall(r"^## \[(\d[^\]]*)\]", CHANGELOG, re.MULTILINE)
    assert released[:1] in ([], [dnabert_s_cli.__version__])


def test_the_citation_names_the_version() -> None:
    assert re.findall(r"^version: (\S+)$", CITATION, re.MULTILINE) == [dnabert_s_cli.__version__]


def test_a_complete_document_passes() -> None:
    small = _small_program()
    assert rules.undocumented(SMALL_README, small) == []
    assert rules.stale(SMALL_README, small) == []
    assert rules.wrong_defaults(SMALL_README, small) == []


def test_a_missing_section_is_found() -> None:
    assert rules.undocumented("", _small_program()) == ["no section 'dnabert-s embed'"]


def test_a_missing_option_is_found() -> None:
    found = rules.undocumented(SMALL_README.replace("--window", "--w"), _small_program())
    assert found == ["dnabert-s embed: --window is not documented"]


def test_an_option_in_the_common_section_is_documented() -> None:
    moved = SMALL_README.replace("| `--window`", f"### {rules.COMMON}\n| `--window`")
    assert rules.undocumented(moved, _small_program()) == []


def test_an_option_that_has_gone_is_found() -> None:
    found = rules.stale(SMALL_README + "| `--gone` | | |\n", _small_program())
    assert found == ["dnabert-s embed: --gone does not exist"]


def test_a_wrong_default_is_found() -> None:
    found = rules.wrong_defaults(SMALL_README.replace("20,000", "10,000"), _small_program())
    assert found == ["dnabert-s embed: --window is 20000 by default, not `10,000`"]


@pytest.mark.parametrize(
    ("code", "problem"),
    [
        ("dnabert-s embed a.fa --gone 3", "dnabert-s embed: --gone does not exist"),
        ("cat a.fa | dnabert-s embed - --gone=3 > b", "dnabert-s embed: --gone does not exist"),
        ("A=1 srun dnabert-s \\\n  gone", "dnabert-s: no command 'gone'"),
    ],
)
def test_an_example_that_asks_for_what_is_not_there_is_found(code: str, problem: str) -> None:
    assert rules.wrong_invocations(code, _small_program()) == [problem]


def test_an_example_in_a_pipe_passes() -> None:
    code = "cat a.fa | dnabert-s embed - -o b.npy && ls  # dnabert-s no comment"
    assert rules.wrong_invocations(code, _small_program()) == []


@pytest.mark.parametrize(
    ("code", "problems"),
    [
        ("dnabert-s classify a.fa --classifier b", []),
        ("dnabert-s classify fit a.fa --labels b", []),
        ("dnabert-s classify a.fa --labels b", ["dnabert-s classify run: --labels does not exist"]),
    ],
)
def test_an_example_may_leave_out_the_command_that_is_meant_by_default(code: str, problems: list[str]) -> None:
    assert rules.wrong_invocations(code, ROOT) == problems


def test_blocks_marked_no_run_do_not_run() -> None:
    assert [one.runs for one in rules.examples("```bash no-run\na\n```\n```bash\nb\n```\n")] == [False, True]


def test_the_figures_on_performance_are_those_that_benchmarks_printed() -> None:
    program = PROJECT / "benchmarks" / "performance.py"
    made = subprocess.run([sys.executable, program], check=True, capture_output=True, text=True).stdout
    begin, end = (f"<!-- made by benchmarks/performance.py: {word} -->" for word in ("begin", "end"))
    assert README.partition(begin)[2].partition(end)[0].strip() == made.strip(), "run it with --write"
