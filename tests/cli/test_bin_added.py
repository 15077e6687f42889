"""`bin --resume` with one more sample: only that one is binned, and earlier bins stay what they are."""

from __future__ import annotations

import json
import shutil
from collections.abc import Callable, Sequence
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.encoders.composition import CompositionEncoder
from dnabert_s_cli.encoders.embedder import Embedded
from dnabert_s_cli.io.sequences import fasta_record, read_sequences
from tests.cli.bin_runs import digests, traces
from tests.cli.conftest import Command
from tests.cli.test_bin_samples import SMALL, table, write_catalogue
from tests.io.depth.inputs import FOLDER

SAMPLES: dict[str, Sequence[int]] = {
    "S1": (0, 1, 2),
    "S2": (0, 2),
    "S0": (1, 2),
}  # S0, the last, would come first by name


@pytest.fixture(scope="module")
def assemblies(tmp_path_factory: pytest.TempPathFactory) -> list[Path]:
    """Three samples, a file each."""
    folder = tmp_path_factory.mktemp("added")
    catalogue = write_catalogue(folder / "all.fa", SAMPLES)
    for record in read_sequences([catalogue]):
        sample, _, own = record.id.partition(":")
        with (folder / f"{sample}.fa").open("ab") as stream:
            stream.write(fasta_record(own, record.sequence))
    catalogue.unlink()
    return [folder / f"{sample}.fa" for sample in SAMPLES]


@pytest.fixture(scope="module")
def depth(assemblies: Sequence[Path]) -> list[Path]:
    """Depth of each sample's reads on its own contigs."""
    paths = []
    for number, path in enumerate(assemblies):
        rows = [f"{one.id}\t{len(one.sequence)}\t{5 + number + 3 * int(one.id[-1])}" for one in read_sequences([path])]
        paths.append(path.with_suffix(".tsv"))
        paths[-1].write_text("\n".join(["contig\tlength\t" + path.stem, *rows, ""]))
    return paths


def rows_of(output: Path, *samples: str, without: Sequence[str] = ("species",)) -> list[dict[str, str]]:
    """Rows of bins.tsv of these samples, without columns that link them."""
    rows = [row for row in table(output / "bins.tsv") if row["sample"] in samples]
    return [{name: cell for name, cell in row.items() if name not in without} for row in rows]


def fasta(output: Path) -> dict[str, bytes]:
    return {path.name: path.read_bytes() for path in (output / "bins").iterdir()}


def test_an_added_sample_gets_the_bins_of_a_run_of_its_own(
    command: Command, assemblies: list[Path], depth: list[Path], tmp_path: Path
) -> None:
    out, own = tmp_path / "out", tmp_path / "own"
    options = (*SMALL, "--unbinned", "--biobox")
    arguments = ("bin", "--by-sample", "-o", out, *options)
    assert command(*arguments, *assemblies[:2], "-d", *depth[:2]).code == 0
    shutil.copytree(out, tmp_path / "before")
    before = fasta(out)
    assert command(*arguments, *assemblies, "-d", *depth, "--resume").code == 0
    assert command("bin", assemblies[2], "--by-sample", "-d", depth[2], "-o", own, *options).code == 0
    assert fasta(out) == {**before, **fasta(own)}
    columns = table(out / "bins.tsv")[0].keys()
    assert [name for name in columns if name in SAMPLES] == ["S1", "S2", "S0"]
    earlier = rows_of(tmp_path / "before", "S1", "S2")
    assert rows_of(out, "S1", "S2") == [{**row, "S0": "NA"} for row in earlier]
    assert rows_of(out, "S0", without=("species", "S1", "S2")) == rows_of(own, "S0")
    assert {row["S1"] for row in rows_of(out, "S0")} == {"NA"}
    lines = [(folder / "contig2bin.tsv").read_text() for folder in (tmp_path / "before", own)]
    assert (out / "contig2bin.tsv").read_text() == "".join(lines)
    assert traces(out) == ["out"]
    settings = json.loads((out / "run.json").read_text())["settings"]
    assert (settings["samples"], settings["added_samples"]) == (["S1", "S2", "S0"], ["S0"])
    linked = {frozenset(row["bins"].split(",")) for row in table(out / "species.tsv")}
    assert sorted(map(len, linked)) == [2, 2, 3]


def test_nothing_of_earlier_samples_is_embedded_again(
    command: Command, assemblies: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    catalogue = tmp_path / "catalogue.fa"
    arguments = ("bin", catalogue, "--separator", ":", "-o", tmp_path / "out", *SMALL)
    command("catalogue", *assemblies[:2], "-o", catalogue)
    assert command(*arguments).code == 0
    before = fasta(tmp_path / "out")
    command("catalogue", assemblies[2], *assemblies[:2], "-o", catalogue, "--force")
    embed = CompositionEncoder.embed_counted
    n_bp: list[int] = []

    def counted(self: CompositionEncoder, sequences: Sequence[str], **options: object) -> Embedded:
        n_bp.append(sum(map(len, sequences)))
        return embed(self, sequences, **options)  # type: ignore[arg-type]

    monkeypatch.setattr(CompositionEncoder, "embed_counted", counted)
    assert command(*arguments, "--resume").code == 0
    assert n_bp == [20 * 20_002, 20 * 20_002]  # the contigs of S0, and their halves
    after = fasta(tmp_path / "out")
    assert {name: text for name, text in after.items() if name in before} == before
    assert [row["sample"] for row in table(tmp_path / "out" / "bins.tsv")] == ["S0"] * 2 + ["S1"] * 3 + ["S2"] * 2
    assert command(*arguments, "--resume").code == 0  # complete: nothing to do
    assert len(n_bp) == 2


def test_samples_may_be_added_again_and_again(command: Command, assemblies: list[Path], tmp_path: Path) -> None:
    for n_samples in (1, 2, 3):
        arguments = ("bin", *assemblies[:n_samples], "--by-sample", "-o", tmp_path / "steps", *SMALL)
        assert command(*arguments, "--resume").code == 0
    for path in assemblies:
        assert command("bin", path, "--by-sample", "-o", tmp_path / path.stem, *SMALL).code == 0
    alone = [fasta(tmp_path / path.stem) for path in assemblies]
    assert fasta(tmp_path / "steps") == {**alone[0], **alone[1], **alone[2]}
    rows = np.load(tmp_path / "steps" / "kept" / "contigs.npy")
    parts = [np.load(tmp_path / path.stem / "kept" / "contigs.npy") for path in assemblies]
    np.testing.assert_array_equal(rows, np.concatenate(parts))


def test_markers_names_and_report_are_of_all_samples(command: Command, one_profile: Path, tmp_path: Path) -> None:
    contigs, copy = FOLDER / "contigs.fa", tmp_path / "copy.fa"
    shutil.copy(contigs, copy)
    options = ("--by-sample", "-o", tmp_path / "out", "--model", "tnf-c", "--markers", one_profile, "--resume")
    small = ("-m", 500, "--min-bin", 5_000, "-t", 1)
    assert command("bin", f"A={contigs}", *options, *small).code == 0
    before = rows_of(tmp_path / "out", "A")
    assert command("bin", f"A={contigs}", f"B={copy}", *options, *small).code == 0
    assert rows_of(tmp_path / "out", "A") == before
    both = ("species", "bin", "sample")
    assert rows_of(tmp_path / "out", "B", without=both) == rows_of(tmp_path / "out", "A", without=both)
    assert {row["n_samples"] for row in table(tmp_path / "out" / "species.tsv")} == {"2"}
    report = (tmp_path / "out" / "report.html").read_text()
    assert all(f'"{name}.bin.1"' in report for name in "AB")


def test_a_run_that_is_broken_off_goes_on(
    command: Command, assemblies: list[Path], tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    out = tmp_path / "out"
    arguments = ("bin", "--by-sample", "-o", out, *SMALL)
    assert command(*arguments, *assemblies[:2]).code == 0
    before = digests(out)

    def interrupt(*_: object, **__: object) -> None:
        raise KeyboardInterrupt

    with monkeypatch.context() as patch:
        patch.setattr("dnabert_s_cli.pipelines.bin.results.writing.keep_samples", interrupt)
        command(*arguments, *assemblies, "--resume")
    assert digests(out) == before
    assert traces(out) == ["out", "out.partial"]
    assert command(*arguments, *assemblies, "--resume").code == 0
    assert traces(out) == ["out"]
    whole = tmp_path / "whole" / "out"
    assert command("bin", "--by-sample", "-o", whole, *SMALL, *assemblies[:2]).code == 0
    assert command("bin", "--by-sample", "-o", whole, *SMALL, *assemblies, "--resume").code == 0
    assert digests(out) == digests(whole)


def _change_first(paths: list[Path], folder: Path) -> list[object]:
    changed = folder / "S1.fa"
    changed.write_bytes(paths[0].read_bytes().replace(b"A", b"C", 1))
    return [changed, *paths[1:]]


@pytest.mark.parametrize(
    ("inputs", "options", "said"),
    [
        (lambda paths, _: paths[1:], (), "holds bins of S1, which the input lacks"),
        (_change_first, (), "holds bins of S1, whose contigs have changed since"),
        (lambda paths, _: paths[:2], ("--biobox",), "the input has no sample that is not binned there"),
        (lambda paths, _: paths, ("--min-bin", 99_000), "binned with min_bin_bp 100000, this run has 99000"),
        (lambda paths, _: paths, ("--model", "tnf"), "binned with vectors of tnf-c, these are of tnf"),
        (lambda paths, _: paths, ("--prefix", "x"), "binned with prefix '', this run has 'x'"),
    ],
)
def test_what_would_not_fit_is_an_error(
    command: Command,
    assemblies: list[Path],
    tmp_path: Path,
    inputs: Callable[[list[Path], Path], list[object]],
    options: Sequence[object],
    said: str,
) -> None:
    out = tmp_path / "out"
    assert command("bin", "--by-sample", "-o", out, *SMALL, *assemblies[:2]).code == 0
    before = digests(out)
    (tmp_path / "inputs").mkdir()
    given = inputs(assemblies, tmp_path / "inputs")
    result = command("bin", *given, "--by-sample", "-o", out, *SMALL, *options, "--resume")
    assert result.code == 1
    assert said in result.err
    assert "--force bins all samples again" in result.err
    assert digests(out) == before
    assert traces(out) == ["out"]


def _cut(path: Path) -> None:
    path.write_bytes(path.read_bytes()[:-40])


def _drop_first_bin(path: Path) -> None:
    header, _, *rest = path.read_text().splitlines(keepends=True)
    path.write_text("".join((header, *rest)))


@pytest.mark.parametrize(
    ("name", "damage"),
    [
        ("kept/facts.npz", _cut),
        ("kept/contigs.npy", _cut),
        ("kept/map.npy", _cut),
        ("kept/made-from.json", _cut),
        ("kept/contigs.ids.tsv", _drop_first_bin),
        ("bins.tsv", _drop_first_bin),
        ("bins/S1.bin.1.fa", Path.unlink),
    ],
)
def test_a_damaged_output_is_an_error(
    command: Command, assemblies: list[Path], tmp_path: Path, name: str, damage: Callable[[Path], None]
) -> None:
    out = tmp_path / "out"
    assert command("bin", "--by-sample", "-o", out, *SMALL, *assemblies[:2]).code == 0
    damage(out / name)
    run = json.loads((out / "run.json").read_text())
    for one in run["outputs"]:  # as if the run had written it so
        if one["path"] == name and (out / name).exists():
            one["bytes"] = (out / name).stat().st_size
    (out / "run.json").write_text(json.dumps(run))
    before = digests(out)
    result = command("bin", *assemblies, "--by-sample", "-o", out, *SMALL, "--resume")
    assert result.code == 1
    assert "error: " in result.err
    assert "Traceback" not in result.err
    assert digests(out) == before
