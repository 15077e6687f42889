"""What `packaging/` tells others about the program is so: requirements, versions, options, files that come out."""

from __future__ import annotations

import os
import re
import subprocess
import sys
import xml.etree.ElementTree as ET
from collections.abc import Iterator
from pathlib import Path
from typing import cast

import pytest
import typer

import dnabert_s_cli
from dnabert_s_cli.cli import app
from tests.locations import PROJECT
from tests.packaging.modules import read_module
from tests.preloaded import preloaded_program
from tests.rules import documentation as rules

if sys.version_info >= (3, 11):
    import tomllib
else:
    tomllib = pytest.importorskip("tomli")

PACKAGING = PROJECT / "packaging"
MODULES = PACKAGING / "nf-core" / "modules" / "nf-core" / "dnaberts"
BAM = PROJECT / "tests" / "data" / "bam"
ROOT = cast("rules.Command", typer.main.get_command(app))
RECIPE = (PACKAGING / "bioconda" / "meta.yaml").read_text(encoding="utf-8")
CONDA_NAMES = {"torch": "pytorch", "isal": "python-isal"}
# The variables of each module's script.
INPUTS = {
    "bin": {"fasta": "contigs.fa", "evidence.join(' ')": "--bam sample1.bam --bam sample2.bam"},
    "embed": {"sequences": "contigs.fa"},
    "depth": {"bams": "sample1.bam sample2.bam"},
    "classify": {"sequences": "contigs.fa", "own": ""},
}


@pytest.fixture(scope="module")
def environment() -> Iterator[dict[str, str]]:
    with preloaded_program(dict(os.environ)) as folder:
        yield {**os.environ, "PATH": os.pathsep.join([str(folder), os.environ["PATH"]])}


def _run(code: str, folder: Path, environment: dict[str, str]) -> str:
    done = subprocess.run(
        ["bash", "-euo", "pipefail", "-c", code],
        cwd=folder,
        env=environment,
        capture_output=True,
        text=True,
        check=False,
    )
    assert done.returncode == 0, done.stderr
    return done.stdout


def test_the_bioconda_recipe_requires_what_pyproject_requires() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    # A noarch package cannot ask for less on some machines.
    asked = [re.match(r"([\w-]+)([^;]*)", one) for one in project["dependencies"]]
    wanted = {f"{CONDA_NAMES.get(one[1], one[1])} {one[2]}" for one in asked if one is not None}
    run = RECIPE.partition("  run:\n")[2].partition("\ntest:")[0]
    given = set(re.findall(r"- (.+)", run))
    assert given == wanted | {f"python {project['requires-python']}"}


def test_the_lowest_versions_are_those_that_pyproject_allows() -> None:
    project = tomllib.loads((PROJECT / "pyproject.toml").read_text(encoding="utf-8"))["project"]
    extras = [
        one for name in ("h5ad", "parquet", "plots", "tensorboard") for one in project["optional-dependencies"][name]
    ]
    asked = dict(re.findall(r"([\w-]+)>=([\d.]+)", "\n".join(project["dependencies"] + extras)))
    text = (PROJECT / "constraints-lowest.txt").read_text(encoding="utf-8").partition("# --- what the tests")[0]
    pinned = dict(re.findall(r"^([\w-]+)==([\d.]+)$", text, re.MULTILINE))
    assert {name: re.sub(r"(\.0)+$", "", version) for name, version in pinned.items()} == {
        name: re.sub(r"(\.0)+$", "", version) for name, version in asked.items()
    }


def test_the_bioconda_recipe_tests_commands_that_exist() -> None:
    commands = re.findall(r"- (dnabert-s (?!=).+)", RECIPE)
    assert len(commands) >= 3
    assert [problem for one in commands for problem in rules.wrong_invocations(one, ROOT)] == []


@pytest.mark.parametrize(
    ("path", "before"),
    [
        ("bioconda/meta.yaml", 'set version = "'),
        ("galaxy/macros.xml", '"@TOOL_VERSION@">'),
        ("snakemake/wrapper/environment.yaml", "- dnabert-s ="),
        ("cwl/bin.cwl", 'version: ["'),
        ("cwl/bin.cwl", "biocontainers/dnabert-s:"),
        ("container/Dockerfile", "dnabert-s:"),
        ("container/Dockerfile.cuda", "dnabert-s:"),
    ],
)
def test_the_version_is_that_of_the_package(path: str, before: str) -> None:
    versions = re.findall(re.escape(before) + r"(\d+\.\d+\.\d+)", (PACKAGING / path).read_text(encoding="utf-8"))
    assert set(versions) == {dnabert_s_cli.__version__}


@pytest.mark.parametrize("name", INPUTS)
def test_a_module_names_the_version_of_the_package(name: str) -> None:
    for file in ("environment.yml", "main.nf"):
        versions = re.findall(r"dnabert-s[:=]+(\d+\.\d+\.\d+)", (MODULES / name / file).read_text(encoding="utf-8"))
        assert set(versions) == {dnabert_s_cli.__version__}


@pytest.mark.parametrize("name", INPUTS)
def test_the_script_of_a_module_writes_what_the_module_declares(
    name: str, tmp_path: Path, environment: dict[str, str]
) -> None:
    for path in BAM.iterdir():
        (tmp_path / path.name).symlink_to(path)
    small = "--min-length 500 --min-bin 5000 --no-markers" if name == "bin" else ""
    values = {"prefix": "sample1", "task.cpus": "1", "args": small, **INPUTS[name]}
    module = read_module(MODULES / name / "main.nf", values)
    _run(module.script, tmp_path, environment)
    missing = [pattern for pattern, must in module.outputs if must and not list(tmp_path.glob(pattern))]
    assert missing == []
    assert _run(module.version, tmp_path, environment) == f"{dnabert_s_cli.__version__}\n"


@pytest.mark.parametrize("name", INPUTS)
def test_the_stub_of_a_module_makes_every_file_that_it_declares(name: str, tmp_path: Path) -> None:
    module = read_module(
        MODULES / name / "main.nf",
        {"prefix": "sample1", **dict.fromkeys(INPUTS[name], ""), "task.cpus": "", "args": ""},
    )
    _run(module.stub, tmp_path, dict(os.environ))
    assert [pattern for pattern, _ in module.outputs if not list(tmp_path.glob(pattern))] == []


@pytest.mark.parametrize("name", INPUTS)
def test_the_meta_file_of_a_module_lists_its_outputs(name: str) -> None:
    emitted = re.findall(r"emit: *(\w+)", (MODULES / name / "main.nf").read_text(encoding="utf-8"))
    meta = (MODULES / name / "meta.yml").read_text(encoding="utf-8")
    listed = re.findall(r"^  (\w+):$", meta.partition("\noutput:\n")[2].partition("\ntopics:")[0], re.MULTILINE)
    assert listed == emitted


@pytest.mark.parametrize("path", sorted((PACKAGING / "galaxy").glob("dnabert_s_*.xml")), ids=lambda one: one.stem)
def test_a_galaxy_tool_uses_options_that_exist(path: Path) -> None:
    tool = ET.parse(path).getroot()
    text = tool.findtext("command", "")
    code = " ".join(line.strip() for line in text.splitlines() if not line.strip().startswith("#"))
    call = "dnabert-s " + code.partition("dnabert-s ")[2].replace("$no_markers", "--no-markers")
    assert rules.wrong_invocations(call, ROOT) == []
    arguments = {one.get("argument") for one in tool.iter("param")} - {None}
    assert {name for name in arguments if name not in call and name.strip("-").replace("-", "_") not in call} == set()


def test_the_cwl_tool_uses_options_that_exist() -> None:
    text = (PACKAGING / "cwl" / "bin.cwl").read_text(encoding="utf-8")
    options = re.findall(r"prefix: (--[\w-]+)", text)
    assert len(options) > 5
    assert rules.wrong_invocations(f"dnabert-s bin contigs.fa {' x '.join(options)}", ROOT) == []


@pytest.mark.parametrize("name", ["Dockerfile", "Dockerfile.cuda"])
def test_a_dockerfile_copies_what_is_there(name: str) -> None:
    text = (PACKAGING / "container" / name).read_text(encoding="utf-8")
    sources = [one for line in re.findall(r"^COPY (?!--from)(.+)$", text, re.MULTILINE) for one in line.split()[:-1]]
    assert sources
    assert [one for one in sources if not (PROJECT / one).exists()] == []


@pytest.mark.slow
def test_the_snakemake_workflow_bins_two_samples(tmp_path: Path) -> None:
    pytest.importorskip("snakemake")
    bams = " ".join(str(BAM / f"sample{n}.bam") for n in (1, 2))
    extra = "--min-length 500 --min-bin 5000 --no-markers"
    config = [f"contigs={BAM / 'contigs.fa'}", f"bams={bams}", f"outdir={tmp_path / 'out'}", f"extra={extra}"]
    program = [sys.executable, "-m", "snakemake", "--cores", "2", "--snakefile", PACKAGING / "snakemake" / "Snakefile"]
    path = os.pathsep.join([str(Path(sys.executable).parent), os.environ["PATH"]])
    subprocess.run([*program, "--config", *config], cwd=tmp_path, check=True, env={**os.environ, "PATH": path})
    rows = (tmp_path / "out" / "bins" / "bins.tsv").read_text(encoding="utf-8").splitlines()
    assert rows[0].startswith("bin\t")
    assert len(rows) > 1
