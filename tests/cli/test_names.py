"""Names by the built-in references: contigs and bins of the example, whose species are known."""

from __future__ import annotations

import csv
import io
import json
from collections import Counter
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli import defaults
from dnabert_s_cli.io.labels.reading import read_labels
from dnabert_s_cli.io.sequences import read_sequences
from tests.cli.conftest import Command
from tests.locations import PROJECT

CONTIGS, GOLD = PROJECT / "examples" / "contigs.fa.gz", PROJECT / "examples" / "gold.tsv"
_PROMISED = 0.96  # share of names that are right, at family and genus, for which calibrate.py sets the thresholds
LONG_BP = 20_000
GENERA = {  # genus and family of the example's species
    "Escherichia coli": ("Escherichia", "Enterobacteriaceae"),
    "Helicobacter pylori": ("Helicobacter", "Helicobacteraceae"),
    "Staphylococcus aureus": ("Staphylococcus", "Staphylococcaceae"),
    "Vibrio cholerae": ("Vibrio", "Vibrionaceae"),
}


def rows(text: str) -> list[dict[str, str]]:
    return list(csv.DictReader(io.StringIO(text), delimiter="\t"))


@pytest.fixture(scope="module")
def long_contigs(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("names") / "long.fa"
    records = [record for record in read_sequences([CONTIGS]) if len(record.sequence) >= LONG_BP]
    path.write_text("".join(f">{record.id}\n{record.sequence}\n" for record in records))
    return path


def _is_right(label: str, species: str) -> bool:
    """Whether a lineage names the family, and the genus if it goes so deep."""
    genus, family = GENERA[species]
    taxa = dict(part.split("__", 1) for part in label.split(";"))
    return taxa.get("f", family) == family and taxa.get("g", genus) == genus


def test_long_contigs_are_named_rightly_without_a_classifier(command: Command, long_contigs: Path) -> None:
    gold = read_labels(GOLD)
    result = command("classify", long_contigs, "-q")
    assert result.code == 0
    found = rows(result.out)
    named = [row for row in found if row["status"] == "C"]
    assert len(named) > 0.7 * len(found)
    assert sum(_is_right(row["label"], gold[row["id"]]) for row in named) >= _PROMISED * len(named)
    assert sum("g__" in row["label"] for row in named) > 0.3 * len(named)


def test_vectors_alone_are_named_too(command: Command, long_contigs: Path, tmp_path: Path) -> None:
    gold = read_labels(GOLD)
    command("embed", long_contigs, "-o", tmp_path / "e.npy", "--model", defaults.REFERENCE_MODEL, "-q")
    found = rows(command("classify", "--embeddings", tmp_path / "e.npy", "-q").out)
    named = [row for row in found if row["status"] == "C"]
    assert len(named) > 0.6 * len(found)
    assert sum(_is_right(row["label"], gold[row["id"]]) for row in named) >= _PROMISED * len(named)


def test_kreport_has_the_taxids_of_ncbi(command: Command, long_contigs: Path, tmp_path: Path) -> None:
    command("classify", long_contigs, "-o", tmp_path / "o.tsv", "--kreport", tmp_path / "k.txt", "-q")
    lines = [line.split("\t") for line in (tmp_path / "k.txt").read_text().splitlines()]
    taxids = {name.strip(): taxid for *_, taxid, name in lines}
    assert taxids["Bacteria"] == "2"
    assert taxids["Vibrionaceae"] == "641"


def test_bins_are_named_rightly(command: Command, long_contigs: Path, tmp_path: Path) -> None:
    gold = read_labels(GOLD)
    assert command("bin", long_contigs, "-o", tmp_path / "out", "--no-markers", "--no-report", "-q").code == 0
    bins = rows((tmp_path / "out" / "bins.tsv").read_text())
    assert len(bins) == 4
    species: dict[str, Counter[str]] = {}
    for name, label in read_labels(tmp_path / "out" / "contig2bin.tsv").items():
        species.setdefault(label, Counter())[gold[name]] += 1
    for row in bins:
        own = species[row["bin"]].most_common(1)[0][0]
        assert _is_right(row["taxon"], own)
        assert row["rank"] in ("family", "genus", "species")
        assert float(row["probability"]) > 0.7
        assert row["nearest"].startswith(GENERA[own][0])


def test_another_model_bins_and_the_names_are_the_same(command: Command, long_contigs: Path, tmp_path: Path) -> None:
    arguments = ("--no-markers", "--no-report", "-q", "--model", "tnf-c")
    assert command("bin", long_contigs, "-o", tmp_path / "out", *arguments).code == 0
    named = [row["taxon"] for row in rows((tmp_path / "out" / "bins.tsv").read_text())]
    assert any("g__Helicobacter" in taxon for taxon in named)


def test_names_can_be_left_out(command: Command, long_contigs: Path, tmp_path: Path) -> None:
    arguments = ("--no-markers", "--no-report", "--no-names", "-q")
    assert command("bin", long_contigs, "-o", tmp_path / "out", *arguments).code == 0
    assert "taxon" not in rows((tmp_path / "out" / "bins.tsv").read_text())[0]


def test_another_model_has_no_built_in_references(command: Command, long_contigs: Path) -> None:
    result = command("classify", long_contigs, "--model", "tnf", "-q")
    assert result.code == 1
    assert "there are no built-in references for vectors of 'tnf'" in result.err


def test_a_table_of_another_model_is_refused(command: Command, long_contigs: Path, tmp_path: Path) -> None:
    command("embed", long_contigs, "-o", tmp_path / "e.npy", "--model", "tnf-c", "-q")
    result = command("classify", "--embeddings", tmp_path / "e.npy", "-q")
    assert result.code == 1
    assert "takes vectors of 256 numbers" in result.err


def test_own_labels_are_added_to_the_built_in_ones(command: Command, species_files: Path, tmp_path: Path) -> None:
    labels = {name: label for name, label in read_labels(species_files / "labels.tsv").items() if label == "species 0"}
    lineage = "d__Bacteria;p__Novophylota;g__Novogenus;s__Novogenus primus"
    (tmp_path / "labels.tsv").write_text("".join(f"{name}\t{lineage}\n" for name in labels))
    records = [record for record in read_sequences([species_files / "references.fa"]) if record.id in labels]
    (tmp_path / "own.fa").write_text("".join(f">{record.id}\n{record.sequence}\n" for record in records))
    arguments = ("--labels", tmp_path / "labels.tsv", "--extend", "builtin", "-o", tmp_path / "own.npz")
    added = command("classify", "fit", tmp_path / "own.fa", *arguments)
    assert added.code == 0
    assert f"1 labels from {len(records)} sequences added; 6,178 references in all" in added.err
    own, *others = (
        [row["label"] for row in rows(command("classify", path, "-c", tmp_path / "own.npz", "-q").out)]
        for path in (tmp_path / "own.fa", species_files / "reads.fa")
    )
    assert sum("Novophylota" in label for label in own) > len(own) / 2
    assert not any("Novophylota" in label for label in others[0][5:])  # of the other species


def test_a_classifier_cannot_be_extended(command: Command, species_files: Path, classifier: Path) -> None:
    arguments = ("--labels", species_files / "labels.tsv", "--extend", classifier, "-o", "never.npz")
    result = command("classify", "fit", species_files / "references.fa", *arguments)
    assert result.code == 1
    assert "holds a classifier, not references" in result.err


def test_taxonomy_of_another_tool_is_evidence_and_shuffled_labels_do_no_harm(
    command: Command, long_contigs: Path, tmp_path: Path
) -> None:
    gold = read_labels(GOLD)
    taxids = {
        "Escherichia coli": 562,
        "Helicobacter pylori": 210,
        "Staphylococcus aureus": 1280,
        "Vibrio cholerae": 666,
    }
    names = [record.id for record in read_sequences([long_contigs])]
    shuffled = np.random.default_rng(0).permutation(names).tolist()
    quick = ("--no-markers", "--no-report", "--no-names", "-q")
    binned = []
    for folder, given in (("none", None), ("right", names), ("shuffled", shuffled)):
        arguments: tuple[object, ...] = ()
        if given is not None:
            lines = [
                f"C\t{name}\t{taxids[gold[other]]}\t20000\t562:9 0:1\n"
                for name, other in zip(names, given, strict=True)
            ]
            (tmp_path / f"{folder}.kraken").write_text("".join(lines))
            arguments = ("--taxonomy", tmp_path / f"{folder}.kraken")
        assert command("bin", long_contigs, "-o", tmp_path / folder, *quick, *arguments).code == 0
        binned.append(read_labels(tmp_path / folder / "contig2bin.tsv"))
    for bins in binned:
        pairs = {(label, gold[name]) for name, label in bins.items()}
        assert len(pairs) == 4  # each species is one bin


def test_taxonomy_of_other_contigs_is_refused(command: Command, long_contigs: Path, tmp_path: Path) -> None:
    (tmp_path / "other.kraken").write_text("C\tx\t562\t100\t562:9\n")
    arguments = ("--taxonomy", tmp_path / "other.kraken", "-q")
    result = command("bin", long_contigs, "-o", tmp_path / "out", *arguments)
    assert result.code == 1
    assert "has only 0 of" in result.err


def test_bins_are_named_by_references_of_the_user(command: Command, long_contigs: Path, tmp_path: Path) -> None:
    gold = read_labels(GOLD)
    lineage = "d__Bacteria;p__Novophylota;g__Novogenus;s__Novogenus primus"
    pylori = [record.id for record in read_sequences([long_contigs]) if gold[record.id] == "Helicobacter pylori"]
    (tmp_path / "labels.tsv").write_text("".join(f"{name}\t{lineage}\n" for name in pylori))
    own = tmp_path / "own.npz"
    arguments = ("--labels", tmp_path / "labels.tsv", "--extend", "builtin", "-o", own, "-q")
    assert command("classify", "fit", long_contigs, *arguments).code == 0
    arguments = (long_contigs, "-o", tmp_path / "out", "--no-markers", "--no-report", "-q")
    assert command("bin", *arguments, "--names", own).code == 0
    nearest = {row["bin"]: row["nearest"] for row in rows((tmp_path / "out" / "bins.tsv").read_text())}
    bin_of = read_labels(tmp_path / "out" / "contig2bin.tsv")
    assert {nearest[bin_of[name]] for name in pylori if name in bin_of} == {lineage}
    assert len(set(nearest.values())) > 1
    run = json.loads((tmp_path / "out" / "run.json").read_text())
    assert str(own) in {one["path"] for one in run["inputs"]}


def test_bins_are_not_named_by_a_classifier(
    command: Command, long_contigs: Path, classifier: Path, tmp_path: Path
) -> None:
    result = command("bin", long_contigs, "-o", tmp_path / "out", "--names", classifier, "-q")
    assert result.code == 1
    assert "holds a classifier, not references that name bins" in result.err
    assert not (tmp_path / "out").exists()
    assert command("bin", long_contigs, "-o", tmp_path / "out", "--names", classifier, "--no-names").code == 2
