"""Markers from files to hits, to a table, and back."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.analysis.markers.search import HIT_COLUMNS
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.bin.markers import load_hits, open_profiles, save_hits, search_contigs
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.vectors.inputs import SequenceInput
from tests.marker_contigs import OPERONS, builtin_profiles, made_up_hits, made_up_set

HITS = made_up_hits(made_up_set(2), 3, (0, 0), (2, 1, 5, 60))
IDS = ["a", "b", "c"]


class Watched(Silent):
    """Adds up what it is told."""

    def __init__(self) -> None:
        self.total_bp: int | None = None
        self.done_bp = 0

    def start(self, stage: str, total: int | None, *, unit: str) -> None:
        """Keep the total of marker genes."""
        if unit == "bp" and "marker" in stage:
            self.total_bp = total

    def advance(self, amount: int) -> None:
        """Add."""
        self.done_bp += amount


def test_contigs_are_numbered_in_the_order_of_the_file() -> None:
    source = SequenceInput((OPERONS,))
    hits = search_contigs(source, builtin_profiles(), threads=2, total_bp=None, progress=Silent())
    assert hits.n_contigs == 3
    assert sorted(set(hits.contig.tolist())) == [0, 1]


def test_contigs_that_are_too_short_are_not_numbered() -> None:
    source = SequenceInput((OPERONS,), min_length_bp=4200)
    hits = search_contigs(source, builtin_profiles(), threads=1, total_bp=None, progress=Silent())
    assert hits.n_contigs == 1


def test_progress_runs_to_its_total() -> None:
    source = SequenceInput((OPERONS,), min_length_bp=4200)
    watched = Watched()
    search_contigs(source, builtin_profiles(), threads=1, total_bp=4460, progress=watched)
    assert watched.done_bp == watched.total_bp == 4460


def test_hits_come_back_from_their_table(tmp_path: Path) -> None:
    save_hits(tmp_path / "hits.tsv", HITS, ids=IDS)
    again = load_hits(tmp_path / "hits.tsv", HITS.markers, ids=IDS)
    assert again.n_contigs == 3
    for name in HIT_COLUMNS:
        assert getattr(again, name).tolist() == getattr(HITS, name).tolist()


def test_contigs_are_joined_by_name(tmp_path: Path) -> None:
    save_hits(tmp_path / "hits.tsv", HITS, ids=IDS)
    again = load_hits(tmp_path / "hits.tsv", HITS.markers, ids=["c", "b", "a"])
    assert again.contig.tolist() == [0, 2]
    assert again.marker.tolist() == [1, 0]


def test_a_table_of_other_contigs_is_refused(tmp_path: Path) -> None:
    save_hits(tmp_path / "hits.tsv", HITS, ids=IDS)
    with pytest.raises(DnabertSError, match="not in the input") as caught:
        load_hits(tmp_path / "hits.tsv", HITS.markers, ids=["a", "b"])
    assert (caught.value.path, caught.value.line, caught.value.record) == (str(tmp_path / "hits.tsv"), 3, "c")


def test_a_table_of_other_profiles_is_refused(tmp_path: Path) -> None:
    save_hits(tmp_path / "hits.tsv", HITS, ids=IDS)
    with pytest.raises(DnabertSError, match="marker 'm1' is not among the profiles") as caught:
        load_hits(tmp_path / "hits.tsv", made_up_set(1), ids=IDS)
    assert (caught.value.path, caught.value.line, caught.value.record) == (str(tmp_path / "hits.tsv"), 3, "c")


def test_a_users_own_profiles_are_opened(tmp_path: Path) -> None:
    with (tmp_path / "mine.hmm").open("wb") as file:
        builtin_profiles().hmms[3].write(file)
    profiles = open_profiles(tmp_path / "mine.hmm")
    assert profiles.markers.names == (builtin_profiles().markers.names[3],)


def test_a_file_that_is_no_profile_is_named() -> None:
    with pytest.raises(DnabertSError, match="cannot be read as HMMER3 profiles") as caught:
        open_profiles(OPERONS)
    assert caught.value.path == str(OPERONS)
