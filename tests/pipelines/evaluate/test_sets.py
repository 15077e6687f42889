"""Sets found in folders and named one by one."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.evaluate.sets import find_sets, named_sets, read_set, set_facts, with_threshold_set

from .data import write_set


def touch(*paths: Path) -> None:
    for path in paths:
        path.parent.mkdir(parents=True, exist_ok=True)
        path.write_text("sequence\tbin_id\nACGTACGT\ta\n")


def test_upstreams_folders_are_found_whole_and_in_order(tmp_path: Path) -> None:
    names = ("clustering_0.tsv", "clustering_10.tsv", "clustering_2.tsv.gz", "binning_5.tsv", "notes.txt")
    touch(*(tmp_path / folder / name for folder in ("reference", "marine") for name in names))
    found = find_sets(tmp_path, cut_bp=None)
    labelled = [f"{folder}/clustering_{n}" for folder in ("marine", "reference") for n in (0, 2, 10)]
    assert [one.name for one in found.labelled] == labelled
    assert [one.name for one in found.binning] == ["marine/binning_5", "reference/binning_5"]


def test_the_synthetic_folder_is_cut_at_10_kb_and_the_others_at_20(tmp_path: Path) -> None:
    touch(tmp_path / "reference" / "clustering_0.tsv", tmp_path / "plant" / "clustering_0.tsv")
    assert {one.name: one.cut_bp for one in find_sets(tmp_path, cut_bp=None).labelled} == {
        "plant/clustering_0": 20_000,
        "reference/clustering_0": 10_000,
    }


def test_binning_is_cut_at_20_kb_everywhere_with_its_threshold_set(tmp_path: Path) -> None:
    touch(tmp_path / "reference" / "clustering_0.tsv", tmp_path / "reference" / "binning_5.tsv")
    source = find_sets(tmp_path, cut_bp=None).binning[0]
    assert source.threshold_set is not None
    assert (source.cut_bp, source.threshold_set.cut_bp) == (20_000, 20_000)


def test_a_cut_that_was_asked_for_holds_everywhere(tmp_path: Path) -> None:
    touch(tmp_path / "reference" / "clustering_0.tsv")
    assert find_sets(tmp_path, cut_bp=77).labelled[0].cut_bp == 77


def test_the_threshold_comes_from_the_first_clustering_set_of_the_folder(tmp_path: Path) -> None:
    touch(*(tmp_path / name for name in ("clustering_1.tsv", "clustering_0.tsv", "binning_5.tsv")))
    source = find_sets(tmp_path, cut_bp=None).binning[0].threshold_set
    assert source is not None
    assert source.name == "clustering_0"


def test_contigs_with_a_gold_standard_are_a_binning_set(tmp_path: Path) -> None:
    (tmp_path / "contigs.fa").write_text(">a\nACGT\n>b\nGGCC\n")
    (tmp_path / "gold.biobox.tsv").write_text("@Version:0.9.1\n@@SEQUENCEID\tBINID\nb\tspecies\n")
    read = read_set(find_sets(tmp_path, cut_bp=3).binning[0])
    assert (read.name, read.sequences, read.labels) == ("contigs", ("GGC",), ("species",))


def test_labels_that_name_no_sequence_are_an_error(tmp_path: Path) -> None:
    (tmp_path / "contigs.fa").write_text(">a\nACGT\n")
    labels = tmp_path / "labels.tsv"
    labels.write_text("z\tspecies\n")
    with pytest.raises(DnabertSError, match="has none of the sequences") as caught:
        read_set(named_sets([tmp_path / "contigs.fa"], labels_path=labels, cut_bp=None)[0])
    assert caught.value.path == str(labels)


def test_files_of_one_name_are_told_apart_by_their_folders(tmp_path: Path) -> None:
    paths = [tmp_path / "a" / "x.tsv.gz", tmp_path / "b" / "x.tsv", tmp_path / "b" / "y.tsv"]
    assert [one.name for one in named_sets(paths, labels_path=None, cut_bp=None)] == ["a/x", "b/x", "y"]


def test_a_threshold_set_that_was_named_is_taken(tmp_path: Path) -> None:
    sources = with_threshold_set(named_sets([tmp_path / "x"], labels_path=None, cut_bp=9), tmp_path / "t.tsv")
    assert sources[0].threshold_set is not None
    assert (sources[0].threshold_set.name, sources[0].threshold_set.cut_bp) == ("t", 9)


@pytest.mark.parametrize(("name", "problem"), [("gone", "no such folder"), (".", "holds no evaluation set")])
def test_a_folder_without_sets_is_an_error(tmp_path: Path, name: str, problem: str) -> None:
    with pytest.raises(DnabertSError, match=problem):
        find_sets(tmp_path / name, cut_bp=None)


def test_facts_count_what_is_read(tmp_path: Path) -> None:
    source = named_sets([write_set(tmp_path / "a.tsv", n_each=2, length_bp=60)], labels_path=None, cut_bp=50)[0]
    facts = set_facts(source, read_set(source))
    assert (facts["n_records"], facts["n_species"], facts["total_bp"], facts["cut_bp"]) == (8, 4, 400, 50)
