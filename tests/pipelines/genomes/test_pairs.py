from __future__ import annotations

import csv
import gzip
import io
import json
from collections.abc import Iterator
from pathlib import Path

import pytest

from dnabert_s_cli.dna import reverse_complement
from dnabert_s_cli.errors import BadInputsError, DnabertSError
from dnabert_s_cli.io.files import open_input
from dnabert_s_cli.io.pairs.rows import Pair, PairFile
from dnabert_s_cli.io.sequences.reading import read_sequences
from dnabert_s_cli.pipelines.genomes.inputs import GenomeInput
from dnabert_s_cli.pipelines.genomes.pairs import PairOutput, PairsReport, make_pairs
from dnabert_s_cli.pipelines.genomes.pieces import PieceSpec
from dnabert_s_cli.pipelines.progress import Silent
from tests.conftest import random_dna

SPEC = PieceSpec(100, pairs_per_genome=5)


@pytest.fixture
def genomes(tmp_path: Path) -> list[Path]:
    """Ten genomes of two contigs, one a file."""
    paths = [tmp_path / f"genome{n}.fna" for n in range(10)]
    for n, path in enumerate(paths):
        path.write_text(f">c1\n{random_dna(900, n)}\n>c2\n{random_dna(450, 50 + n)}\n")
    return paths


@pytest.fixture
def genes(tmp_path: Path) -> Path:
    """Sixty genes of 30 to 89 bp, of three species in turns."""
    path = tmp_path / "genes.fa"
    path.write_text("".join(f">gene{n}\n{random_dna(30 + n, n)}\n" for n in range(60)))
    return path


@pytest.fixture
def labels(tmp_path: Path) -> Path:
    """The species of each gene but the last ten."""
    path = tmp_path / "labels.tsv"
    path.write_text("".join(f"gene{n}\tspecies {n % 3}\n" for n in range(50)))
    return path


def _run(
    paths: list[Path],
    output: Path,
    *,
    spec: PieceSpec = SPEC,
    val: Path | None = None,
    val_fraction: float = 0.2,
    labels: Path | None = None,
    by_record: bool = False,
    seed: int = 0,
) -> PairsReport:
    return make_pairs(
        GenomeInput(tuple(paths), labels, by_record),
        PairOutput(output, val, val_fraction),
        spec=spec,
        seed=seed,
        argv=["dnabert-s", "pairs"],
        progress=Silent(),
    )


def _pairs(path: Path) -> list[Pair]:
    with PairFile(path, unpack_folder=path.parent) as pairs:
        return [pairs[row] for row in range(len(pairs))]


def _manifest(path: Path) -> Iterator[dict[str, str]]:
    with open_input(path) as stream:
        yield from csv.DictReader(io.TextIOWrapper(stream), delimiter="\t")


def test_each_file_is_a_genome_named_after_it(genomes: list[Path], tmp_path: Path) -> None:
    report = _run(genomes, tmp_path / "p.csv.gz")
    labels = [pair.label for pair in _pairs(tmp_path / "p.csv.gz")]
    assert labels == [f"genome{n}" for n in range(10) for _ in range(5)]
    assert (report.n_pairs, report.n_genomes, report.n_val_pairs, report.too_small) == (50, 10, 0, ())


def test_manifest_leads_back_to_every_piece(genomes: list[Path], tmp_path: Path) -> None:
    _run(genomes, tmp_path / "p.csv.gz")
    pairs = _pairs(tmp_path / "p.csv.gz")
    lines = list(_manifest(tmp_path / "p.manifest.tsv.gz"))
    assert len(lines) == 2 * len(pairs)
    for line in lines:
        pair = pairs[int(line["row"]) - 1]
        records = {record.id: record.sequence for record in read_sequences([tmp_path / f"{line['genome']}.fna"])}
        piece = records[line["record"]][int(line["start"]) : int(line["end"])]
        assert piece == (pair.first, pair.second)[int(line["side"]) - 1]
        assert (line["genome"], line["strand"]) == (pair.label, "+")


def test_whole_genomes_are_held_out(genomes: list[Path], tmp_path: Path) -> None:
    report = _run(genomes, tmp_path / "p.csv", val=tmp_path / "v.csv")
    train, val = ({pair.label for pair in _pairs(tmp_path / name)} for name in ("p.csv", "v.csv"))
    assert (len(train), len(val)) == (8, 2) == (report.n_genomes, report.n_val_genomes)
    assert not train & val
    assert report.n_val_pairs == 10
    assert {line["genome"] for line in _manifest(tmp_path / "v.manifest.tsv")} == val


def test_the_seed_chooses_whom_to_hold_out(genomes: list[Path], tmp_path: Path) -> None:
    held_out = set()
    for seed in range(6):
        _run(genomes, tmp_path / f"{seed}.csv", val=tmp_path / f"{seed}v.csv", seed=seed)
        held_out.add(tuple(sorted({str(pair.label) for pair in _pairs(tmp_path / f"{seed}v.csv")})))
    assert len(held_out) > 3


def test_at_least_one_genome_is_held_out_and_one_is_left(genomes: list[Path], tmp_path: Path) -> None:
    assert _run(genomes[:3], tmp_path / "a.csv", val=tmp_path / "av.csv", val_fraction=0.01).n_val_genomes == 1
    assert _run(genomes[:3], tmp_path / "b.csv", val=tmp_path / "bv.csv", val_fraction=1.0).n_genomes == 1


def test_same_call_gives_same_bytes(genomes: list[Path], tmp_path: Path) -> None:
    for folder in ("a", "b"):
        _run(genomes, tmp_path / folder / "p.csv.gz", val=tmp_path / folder / "v.csv.gz")
    for name in ("p.csv.gz", "v.csv.gz", "p.manifest.tsv.gz", "v.manifest.tsv.gz"):
        assert (tmp_path / "a" / name).read_bytes() == (tmp_path / "b" / name).read_bytes()


def test_pieces_of_a_genome_do_not_depend_on_the_others(genomes: list[Path], tmp_path: Path) -> None:
    _run(genomes, tmp_path / "all.csv")
    _run([genomes[7], genomes[2]], tmp_path / "two.csv")
    assert set(_pairs(tmp_path / "two.csv")) < set(_pairs(tmp_path / "all.csv"))


def test_small_genomes_are_left_out_and_named(
    genomes: list[Path], tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    (tmp_path / "small.fa").write_text(f">c1\n{random_dna(150)}\n")
    report = _run([*genomes, tmp_path / "small.fa"], tmp_path / "p.csv")
    assert report.too_small == ("small",)
    assert report.n_genomes == 10
    assert "skipped 1 genomes too small for a pair: small" in caplog.text


def test_run_json_says_how_and_what(genomes: list[Path], tmp_path: Path) -> None:
    report = _run(genomes, tmp_path / "p.csv.gz", val=tmp_path / "v.csv.gz", seed=3)
    run = json.loads((tmp_path / "p.run.json").read_text())
    assert (run["command"], run["seed"], run["settings"]["length_bp"]) == ("pairs", 3, 100)
    assert run["outcome"]["n_pairs"] == report.n_pairs
    assert [one["path"] for one in run["inputs"]] == [str(path) for path in genomes]


def test_each_record_may_be_a_genome(genes: Path, tmp_path: Path) -> None:
    report = _run([genes], tmp_path / "p.csv", by_record=True, spec=PieceSpec(20))
    assert len(report.too_small) == 10  # genes of less than 40 bp
    assert report.n_genomes == 50
    assert _pairs(tmp_path / "p.csv")[0].label == "gene10"


def test_records_of_one_label_are_joined(genes: Path, labels: Path, tmp_path: Path) -> None:
    report = _run([genes], tmp_path / "p.csv", labels=labels, spec=PieceSpec(150, join=True, rounds=3))
    pairs = _pairs(tmp_path / "p.csv")
    assert (report.n_genomes, {len(pair.first) for pair in pairs}) == (3, {150})
    sequences = {record.id: record.sequence for record in read_sequences([genes])}
    texts = {(row, side): "" for row in range(1, len(pairs) + 1) for side in (1, 2)}
    for line in _manifest(tmp_path / "p.manifest.tsv"):
        assert line["genome"] == f"species {int(line['record'][4:]) % 3}"
        text = sequences[line["record"]][int(line["start"]) : int(line["end"])]
        texts[int(line["row"]), int(line["side"])] += text if line["strand"] == "+" else reverse_complement(text)
    assert [texts[row, 1] for row in range(1, len(pairs) + 1)] == [pair.first for pair in pairs]
    assert [texts[row, 2] for row in range(1, len(pairs) + 1)] == [pair.second for pair in pairs]


def test_both_pieces_of_a_joined_pair_share_no_record(genes: Path, labels: Path, tmp_path: Path) -> None:
    _run([genes], tmp_path / "p.csv", labels=labels, spec=PieceSpec(150, join=True, rounds=3))
    sides: dict[tuple[str, str], set[str]] = {}
    for line in _manifest(tmp_path / "p.manifest.tsv"):
        sides.setdefault((line["row"], line["record"]), set()).add(line["side"])
    assert all(len(both) == 1 for both in sides.values())


def test_labels_are_counted_against_the_records(
    genes: Path, labels: Path, tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    caplog.set_level("INFO")
    labels.write_text(labels.read_text() + "other\tspecies 9\n")
    _run([genes], tmp_path / "p.csv", labels=labels, spec=PieceSpec(20))
    assert "50 records have a label, 10 have none and are skipped" in caplog.text
    assert f"{labels}: 1 of its ids are not in the input" in caplog.text


def test_labels_that_name_no_record_are_an_error(genes: Path, tmp_path: Path) -> None:
    (tmp_path / "l.tsv").write_text("x\ty\n")
    with pytest.raises(DnabertSError, match="has no record of the input") as caught:
        _run([genes], tmp_path / "p.csv", labels=tmp_path / "l.tsv")
    assert caught.value.path == str(tmp_path / "l.tsv")


def test_no_pair_at_all_is_an_error_and_leaves_no_file(genomes: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="large enough for a pair") as caught:
        _run(genomes, tmp_path / "out" / "p.csv", spec=PieceSpec(5000))
    assert caught.value.path == str(tmp_path / "out" / "p.csv")
    assert list((tmp_path / "out").iterdir()) == []


def test_one_genome_cannot_be_held_out(genomes: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="1 of 1 genomes is large enough") as caught:
        _run(genomes[:1], tmp_path / "p.csv", val=tmp_path / "v.csv")
    assert caught.value.path == str(tmp_path / "v.csv")


def test_all_bad_files_are_reported_together(genomes: list[Path], tmp_path: Path) -> None:
    genomes[3].write_text(">c1\nACGT!\n")
    genomes[5].unlink()
    with pytest.raises(BadInputsError) as caught:
        _run(genomes, tmp_path / "p.csv")
    assert [problem.path for problem in caught.value.problems] == [str(genomes[3]), str(genomes[5])]


def test_files_of_one_label_are_an_error(genomes: list[Path], tmp_path: Path) -> None:
    twin = tmp_path / "other" / "genome0.fa.gz"
    twin.parent.mkdir()
    twin.write_bytes(gzip.compress(genomes[0].read_bytes()))
    with pytest.raises(DnabertSError, match=f"'genome0' is also that of {genomes[0]}") as caught:
        _run([*genomes, twin], tmp_path / "p.csv")
    assert caught.value.path == str(twin)


def test_standard_input_has_no_label(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no file name") as caught:
        _run([Path("-")], tmp_path / "p.csv")
    assert caught.value.path == "-"


def test_both_outputs_must_differ(genomes: list[Path], tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="would be one file"):
        _run(genomes, tmp_path / "p.csv", val=tmp_path / "p.csv")
