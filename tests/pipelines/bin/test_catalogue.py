"""Assemblies of several samples as one: names, what is refused, and files."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.errors import BadInputsError, DnabertSError
from dnabert_s_cli.pipelines.bin.catalogue import Assemblies, find_assemblies


def _fasta(path: Path, **records: str) -> Path:
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text("".join(f">{name} described\n{letters}\n" for name, letters in records.items()))
    return path


def _find(*words: object, separator: str = ":") -> Assemblies:
    return find_assemblies([str(word) for word in words], separator=separator, min_length_bp=0)


def test_assemblies_are_named_on_the_command_line_or_after_their_files(tmp_path: Path) -> None:
    one, two = _fasta(tmp_path / "a.fa", c="A"), _fasta(tmp_path / "gut.fna.gz", c="A")
    assert _find(f"S1={one}", two).samples == ("S1", "gut")


def test_files_of_one_name_are_named_after_their_folders(tmp_path: Path) -> None:
    paths = [_fasta(tmp_path / name / "contigs.fa", c="A") for name in ("gut1", "gut2")]
    assert _find(*paths).samples == ("gut1", "gut2")


def test_a_folder_and_a_table_list_assemblies(tmp_path: Path) -> None:
    for name in ("b", "a"):
        _fasta(tmp_path / "in" / f"{name}.fa", c="A")
    (tmp_path / "list.tsv").write_text("sample\tpath\nS9\tin/b.fa\n")
    assert _find(tmp_path / "in").samples == ("a", "b")
    assert _find(tmp_path / "list.tsv").samples == ("S9",)


def test_records_bear_their_sample(tmp_path: Path) -> None:
    one, two = _fasta(tmp_path / "a.fa", c1="ACGT", c2="AC"), _fasta(tmp_path / "b.fa", c1="GG")
    found = find_assemblies([str(one), str(two)], separator="__", min_length_bp=2)
    assert [record.id for record in found.records()] == ["a__c1", "a__c2", "b__c1"]
    told: list[str] = []
    summary = found.scan(on_records=lambda records: told.extend(record.id for record in records))
    assert told == ["a__c1", "a__c2", "b__c1"]
    assert summary is not None
    assert (summary.n_records, summary.total_bp, len(summary.files)) == (3, 8, 2)


@pytest.mark.parametrize("name", ["a:b", ".a", "-a", "a b"])
def test_a_name_that_is_no_name_is_an_error(tmp_path: Path, name: str) -> None:
    path = _fasta(tmp_path / "x.fa", c="A")
    with pytest.raises(DnabertSError, match="cannot name a sample"):
        _find(f"{name}={path}")


def test_a_name_that_comes_twice_is_an_error(tmp_path: Path) -> None:
    one, two = _fasta(tmp_path / "a.fa", c="A"), _fasta(tmp_path / "b.fa", c="A")
    with pytest.raises(BadInputsError, match="two samples are named 'x'"):
        _find(f"x={one}", f"x={two}")


def test_problems_of_all_assemblies_are_reported_together(tmp_path: Path) -> None:
    one, two = _fasta(tmp_path / "a.fa", c="A!"), _fasta(tmp_path / "b.fa", c="")
    with pytest.raises(BadInputsError) as caught:
        _find(one, two).scan()
    assert [problem.path for problem in caught.value.problems] == [str(one), str(two)]
