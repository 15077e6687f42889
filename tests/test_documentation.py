"""What the documents say is so: commands, options, examples, figures, versions.

The examples of a page run one after the other in a folder of their own, as a reader would run them. Each folder holds
`examples/`, an assembly and three BAM files. Plain calls of the program run in this process, for speed.
"""

from __future__ import annotations

import logging
import os
import re
import subprocess
import sys
from collections.abc import Callable, Iterator
from pathlib import Path
from shutil import copyfile
from typing import cast

import pytest
import typer

import dnabert_s_cli
from benchmarks import performance, startup
from dnabert_s_cli.cli import app, run
from dnabert_s_cli.cli.examples import EXAMPLES, PROGRAM_EXAMPLES
from scripts import option_tables
from tests.locations import PROJECT
from tests.rules import documentation as rules

BAM = PROJECT / "tests" / "data" / "bam"
INPUTS = {
    "examples": PROJECT / "examples",
    "contigs.fa": BAM / "contigs.fa",
    "sample1.bam": BAM / "sample1.bam",
    "sample2.bam": BAM / "sample2.bam",
}
MOST_README_BYTES = 8192
CHANGELOG = (PROJECT / "CHANGELOG.md").read_text(encoding="utf-8")
CITATION = (PROJECT / "CITATION.cff").read_text(encoding="utf-8")
ROOT = cast("rules.Command", typer.main.get_command(app))
PAGES = {
    str(path.relative_to(PROJECT)): path.read_text(encoding="utf-8")
    for path in (PROJECT / "README.md", PROJECT / "CONTRIBUTING.md", *sorted((PROJECT / "docs").rglob("*.md")))
}
BLOCKS = [(page, block) for page, text in PAGES.items() for block in rules.examples(text)]
SHELL = [(page, block) for page, block in BLOCKS if block.language == "bash"]
RUNNING = [(page, block) for page, block in BLOCKS if block.runs and block.language in ("bash", "python")]
HELP = [(path, line) for path, lines in {"": PROGRAM_EXAMPLES, **EXAMPLES}.items() for line in lines]

# A small program and a page that documents it, to plant mistakes in.
SMALL_PAGE = "The cut is at `--window`.\n<!-- options of dnabert-s embed -->\n<!-- end of options -->\n"


@pytest.fixture(scope="module")
def readers_folders(tmp_path_factory: pytest.TempPathFactory) -> dict[str, Path]:
    folders = {}
    for page in PAGES:
        folders[page] = tmp_path_factory.mktemp(Path(page).stem)
        for name, target in INPUTS.items():
            (folders[page] / name).symlink_to(target)
        copyfile(BAM / "sample1.bam", folders[page] / "sample3.bam")  # a link would be the same sample twice
    return folders


@pytest.fixture
def own_logging() -> Iterator[None]:
    logger = logging.getLogger("dnabert_s_cli")
    kept = list(logger.handlers), logger.propagate, logger.level
    yield
    logger.handlers, logger.propagate, logger.level = kept


def _place(one: object) -> str:
    return one.replace("/", ".") if isinstance(one, str) else f"line{cast('rules.Example', one).line}"


def _small_program() -> rules.Command:
    small = typer.Typer(add_completion=False)

    @small.command()
    def embed(
        output: str = typer.Option("-", "-o", "--output"), window: int = typer.Option(20_000, "--window", help="Cut.")
    ) -> None: ...

    @small.callback()
    def root() -> None: ...

    return cast("rules.Command", typer.main.get_command(small))


def test_every_command_has_its_table_of_options() -> None:
    assert rules.undocumented(PAGES.values(), ROOT) == []


def test_every_option_has_a_help_text() -> None:
    assert rules.unexplained(ROOT) == []


@pytest.mark.parametrize("page", PAGES, ids=_place)
def test_tables_of_options_are_fresh(page: str) -> None:
    assert option_tables.filled(PAGES[page]) == PAGES[page], "run: make docs-tables"


@pytest.mark.parametrize("page", PAGES, ids=_place)
def test_no_option_in_the_text_has_gone(page: str) -> None:
    assert rules.gone(PAGES[page], ROOT) == []


@pytest.mark.parametrize(("page", "block"), SHELL, ids=_place)
def test_a_shell_example_asks_for_what_exists(page: str, block: rules.Example) -> None:
    assert rules.wrong_invocations(block.code, ROOT) == [], f"{page}:{block.line}"


@pytest.mark.parametrize(("path", "line"), HELP)
def test_an_example_in_the_help_asks_for_what_exists(path: str, line: str) -> None:
    assert rules.wrong_invocations(line, ROOT) == []
    assert f"dnabert-s {path}" in line or path == "classify run"
    assert len(line) <= 90


def test_every_command_ends_its_help_in_two_or_three_examples() -> None:
    paths = {path.partition(" ")[2] for path in rules.commands(ROOT)} - {""}
    assert paths == EXAMPLES.keys()
    assert {len(lines) for lines in EXAMPLES.values()} <= {2, 3}


def test_one_letter_means_one_thing_in_all_commands() -> None:
    assert {letter: names for letter, names in rules.letters(ROOT).items() if len(names) != 1} == {}


@pytest.mark.parametrize(("page", "block"), RUNNING, ids=_place)
def test_an_example_runs(
    page: str,
    block: rules.Example,
    readers_folders: dict[str, Path],
    monkeypatch: pytest.MonkeyPatch,
    own_logging: None,  # noqa: ARG001  # for its effect
) -> None:
    monkeypatch.chdir(readers_folders[page])
    monkeypatch.setenv("HF_HUB_OFFLINE", "1")
    plain = rules.plain_invocations(block.code) if block.language == "bash" else None
    if plain is not None:
        assert [run(arguments) for arguments in plain] == [0] * len(plain)
        return
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    program = ["bash", "-euo", "pipefail", "-c"] if block.language == "bash" else [sys.executable, "-c"]
    environment = {**os.environ, "PATH": path, "PYTHONPATH": str(PROJECT)}
    done = subprocess.run([*program, block.code], env=environment, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stderr


def test_there_are_examples_of_both_kinds() -> None:
    assert {block.language for _, block in RUNNING} == {"bash", "python"}


def test_a_fence_names_a_language_and_nothing_else() -> None:
    """Anything more and the site shows the block, and what follows it, as plain text."""
    assert [f"{page}:{block.line}" for page, block in BLOCKS if re.search(r"\s", block.language)] == []


def test_the_readme_is_short() -> None:
    assert len(PAGES["README.md"].encode()) <= MOST_README_BYTES


@pytest.mark.parametrize("page", ["README.md", "CONTRIBUTING.md"])
def test_links_to_files_lead_somewhere(page: str) -> None:
    targets = re.findall(r"\]\(([^)#:]+)(?:#[^)]*)?\)", PAGES[page])
    assert targets
    assert [target for target in targets if not (PROJECT / target).exists()] == []


def test_the_changelog_has_a_place_for_what_comes() -> None:
    assert re.search(r"^## \[Unreleased\]$", CHANGELOG, re.MULTILINE)


def test_the_newest_release_in_the_changelog_is_the_version() -> None:
    released = re.findall(r"^## \[(\d[^\]]*)\]", CHANGELOG, re.MULTILINE)
    assert released[:1] in ([], [dnabert_s_cli.__version__])


def test_the_citation_names_the_version() -> None:
    assert re.findall(r"^version: (\S+)$", CITATION, re.MULTILINE) == [dnabert_s_cli.__version__]


@pytest.mark.parametrize(
    ("page", "made"), [("docs/performance.md", performance.section), ("README.md", performance.short_table)]
)
def test_figures_are_those_that_benchmarks_printed(page: str, made: Callable[[], str]) -> None:
    stated = PAGES[page].partition(performance.BEGIN)[2].partition(performance.END)[0]
    assert stated.strip() == made().strip(), "run: python benchmarks/performance.py --write"


def test_the_table_of_what_commands_cost_is_that_of_the_result() -> None:
    stated = PAGES["docs/commands/index.md"].partition(startup.BEGIN)[2].partition(startup.END)[0]
    assert stated.strip() == startup.table(), "run: python benchmarks/startup.py --write"


def test_a_complete_page_passes() -> None:
    small = _small_program()
    assert rules.undocumented([SMALL_PAGE], small) == []
    assert rules.gone(SMALL_PAGE, small) == []


@pytest.mark.parametrize(
    ("pages", "problem"),
    [
        ([""], "dnabert-s embed: 0 tables of options"),
        ([SMALL_PAGE, SMALL_PAGE], "dnabert-s embed: 2 tables of options"),
        ([SMALL_PAGE, SMALL_PAGE.replace("embed", "gone")], "dnabert-s gone: no such command"),
    ],
)
def test_a_missing_table_is_found(pages: list[str], problem: str) -> None:
    assert rules.undocumented(pages, _small_program()) == [problem]


def test_an_option_without_help_is_found() -> None:
    assert rules.unexplained(_small_program()) == ["dnabert-s embed: -o has no help"]


def test_an_option_that_has_gone_is_found() -> None:
    assert rules.gone(SMALL_PAGE + "Take `embed --gone 3`.", _small_program()) == ["--gone"]


def test_a_stale_table_is_found() -> None:
    page = PAGES["docs/commands/merge.md"]
    assert option_tables.filled(page.replace("--format", "--formats")) == page


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
    assert [one.runs for one in rules.examples("<!-- no-run -->\n```bash\na\n```\n```bash\nb\n```\n")] == [False, True]


def test_only_lines_without_shell_syntax_are_plain_calls() -> None:
    assert rules.plain_invocations("dnabert-s a 'b c' \\\n  -o d  # why\n") == [["a", "b c", "-o", "d"]]
    assert rules.plain_invocations("dnabert-s a > b\n") is None
    assert rules.plain_invocations("awk x\n") is None
