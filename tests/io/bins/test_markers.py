"""Tables of marker hits: written and read back, and what a bad line is told."""

from __future__ import annotations

import dataclasses
import gzip
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins.markers import (
    BUILTIN_PROFILES,
    HitRow,
    read_marker_hits,
    read_notes,
    read_profiles,
    write_marker_hits,
)

ROW = HitRow("c1", "Ribosomal_L2", 81.20000457763672, 30, 290, -1, 2, 77)
HEADER = "contig\tmarker\tscore\tgene_start\tgene_end\tstrand\tmodel_start\tmodel_end\n"


def test_rows_come_back_as_they_were(tmp_path: Path) -> None:
    rows = [ROW, dataclasses.replace(ROW, contig="c2", strand=1, score=1 / 3)]
    write_marker_hits(tmp_path / "hits.tsv", rows)
    assert list(read_marker_hits(tmp_path / "hits.tsv")) == rows


def test_no_hit_is_a_header(tmp_path: Path) -> None:
    write_marker_hits(tmp_path / "hits.tsv", [])
    assert (tmp_path / "hits.tsv").read_text() == HEADER
    assert list(read_marker_hits(tmp_path / "hits.tsv")) == []


def test_the_strand_is_a_sign(tmp_path: Path) -> None:
    write_marker_hits(tmp_path / "hits.tsv", [ROW])
    assert (tmp_path / "hits.tsv").read_text().splitlines()[1].split("\t")[5] == "-"


@pytest.mark.parametrize(
    ("text", "line", "problem"),
    [
        ("contig\tbin\n", 1, "not a table of marker hits"),
        (HEADER + "c1\tm\t5.0\t1\t9\t+\t1\n", 2, "7 columns, not 8"),
        (HEADER + "c1\tm\tfive\t1\t9\t+\t1\t3\n", 2, "cannot be read"),
        (HEADER + "c1\tm\t5.0\t1\t9\t*\t1\t3\n", 2, "cannot be read"),
        (HEADER + "c1\tm\tnan\t1\t9\t+\t1\t3\n", 2, "inconsistent"),
        (HEADER + "c1\tm\t5.0\t9\t1\t+\t1\t3\n", 2, "inconsistent"),
        (HEADER + "c1\tm\t5.0\t1\t9\t+\t0\t3\n", 2, "inconsistent"),
    ],
)
def test_a_bad_line_is_named(tmp_path: Path, text: str, line: int, problem: str) -> None:
    path = tmp_path / "hits.tsv"
    path.write_text(text)
    with pytest.raises(DnabertSError, match=problem) as caught:
        list(read_marker_hits(path))
    assert (caught.value.path, caught.value.line) == (str(path), line)
    assert caught.value.record == ("c1" if problem[0] in "ci" else None)


def test_bytes_that_are_no_text_are_named(tmp_path: Path) -> None:
    (tmp_path / "hits.tsv").write_bytes(HEADER.encode() + b"\xff\n")
    with pytest.raises(DnabertSError, match="UTF-8") as caught:
        list(read_marker_hits(tmp_path / "hits.tsv"))
    assert caught.value.line == 2


def test_profiles_may_be_compressed(tmp_path: Path) -> None:
    (tmp_path / "p.hmm.gz").write_bytes(gzip.compress(b"HMMER3/f"))
    assert read_profiles(tmp_path / "p.hmm.gz") == b"HMMER3/f"


def test_missing_profiles_are_named(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no such file"):
        read_profiles(tmp_path / "p.hmm")


def test_notes_say_source_domain_and_score() -> None:
    notes = read_notes()
    assert {note.domain for note in notes} == {"bacteria", "archaea", "both"}
    assert all(note.accession and note.group and note.min_score > 0 for note in notes)


def test_the_licence_lies_beside_the_profiles() -> None:
    assert "CC0" in (BUILTIN_PROFILES.parent / "README.md").read_text(encoding="utf-8")
