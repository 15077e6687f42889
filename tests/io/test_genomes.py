from __future__ import annotations

import tempfile
from pathlib import Path
from types import SimpleNamespace

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io import genomes
from dnabert_s_cli.io.genomes import Genome, RecordsByLabel, file_label, read_genome
from dnabert_s_cli.io.sequences import Record


@pytest.mark.parametrize(
    ("path", "label"),
    [
        ("a/GCF_1.2_ASM.fna.gz", "GCF_1.2_ASM"),
        ("x.FA", "x"),
        ("x.v1.2", "x.v1.2"),
        ("x.fasta.zst", "x"),
        ("x.gz", "x"),
        (".fa", ".fa"),
        ("x.fa.fa", "x.fa"),
    ],
)
def test_label_is_the_name_without_known_suffixes(path: str, label: str) -> None:
    assert file_label(path) == label


def test_file_is_one_genome(tmp_path: Path) -> None:
    (tmp_path / "g.fa").write_text(">a\nACGT\n>b\nAC\n")
    genome = read_genome(tmp_path / "g.fa", min_length_bp=3)
    assert genome == Genome("g", (Record("a", "ACGT"),))
    assert genome.total_bp == 4


@given(rows=st.lists(st.tuples(st.sampled_from("xyz"), st.text("ACGT", max_size=9)), max_size=20))
@settings(max_examples=50, deadline=None)
def test_records_come_back_by_label_in_order(rows: list[tuple[str, str]]) -> None:
    expected: dict[str, list[Record]] = {}
    with RecordsByLabel() as records:
        for number, (label, sequence) in enumerate(rows):
            record = Record(f"r{number}", sequence)
            records.add(record, label)
            expected.setdefault(label, []).append(record)
        for _ in range(2):  # it can be read again
            assert list(records.genomes()) == [Genome(label, tuple(those)) for label, those in expected.items()]
        assert records.labels == list(expected)
        assert records.total_bp == [sum(len(one.sequence) for one in those) for those in expected.values()]


def test_full_disk_is_an_error_that_names_the_folder(monkeypatch: pytest.MonkeyPatch) -> None:
    def full(_: bytes) -> None:
        raise OSError(28, "No space left on device")

    monkeypatch.setattr(genomes.tempfile, "TemporaryFile", lambda **_: SimpleNamespace(write=full, close=lambda: None))
    with RecordsByLabel() as records, pytest.raises(DnabertSError, match="No space left") as caught:
        records.add(Record("a", "ACGT"), "x")
    assert caught.value.path == tempfile.gettempdir()
