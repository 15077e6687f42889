from __future__ import annotations

import gzip
from contextlib import suppress
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.pairs.rows import Pair, PairFile
from dnabert_s_cli.io.pairs.writer import PairWriter, Piece, Stretch, check_pairs_name, manifest_path, run_json_path

PIECES = (
    Piece("ACG", (Stretch("r1", 0, 3, "+"),)),
    Piece("TTAA", (Stretch("r1", 10, 12, "-"), Stretch("r2", 5, 7, "+"))),
)


def _write(path: Path) -> None:
    with PairWriter(path) as writer:
        writer.write(PIECES, "g")
        writer.write(PIECES, "h, i")


@pytest.mark.parametrize(
    ("path", "manifest", "run_json"),
    [
        ("a/pairs.csv.gz", "pairs.manifest.tsv.gz", "pairs.run.json"),
        ("a/pairs.csv", "pairs.manifest.tsv", "pairs.run.json"),
        ("a/pairs", "pairs.manifest.tsv", "pairs.run.json"),
    ],
)
def test_files_beside_are_named_after_the_csv(path: str, manifest: str, run_json: str) -> None:
    assert manifest_path(path) == Path("a") / manifest
    assert run_json_path(path) == Path("a") / run_json


@pytest.mark.parametrize("name", ["p.csv", "p.csv.gz"])
def test_csv_reads_back(tmp_path: Path, name: str) -> None:
    _write(tmp_path / name)
    with PairFile(tmp_path / name, unpack_folder=tmp_path) as pairs:
        assert [pairs[0], pairs[1]] == [Pair("ACG", "TTAA", "g"), Pair("ACG", "TTAA", "h, i")]


def test_manifest_has_a_line_for_each_stretch(tmp_path: Path) -> None:
    _write(tmp_path / "p.csv")
    header, *lines = (tmp_path / "p.manifest.tsv").read_text().splitlines()
    assert header == "row\tside\tgenome\trecord\tstart\tend\tstrand"
    assert lines[:3] == ["1\t1\tg\tr1\t0\t3\t+", "1\t2\tg\tr1\t10\t12\t-", "1\t2\tg\tr2\t5\t7\t+"]
    assert lines[3].startswith("2\t1\th, i\t")


def test_gzip_holds_no_time_and_no_name(tmp_path: Path) -> None:
    _write(tmp_path / "p.csv.gz")
    assert (tmp_path / "p.csv.gz").read_bytes()[3:8] == b"\0" * 5
    assert gzip.decompress((tmp_path / "p.manifest.tsv.gz").read_bytes()).startswith(b"row\t")


def test_failure_leaves_no_file(tmp_path: Path) -> None:
    with suppress(KeyboardInterrupt), PairWriter(tmp_path / "p.csv.gz") as writer:
        writer.write(PIECES, "g")
        raise KeyboardInterrupt
    assert list(tmp_path.iterdir()) == []


@pytest.mark.parametrize("name", ["-", "p.csv.zst", "p.csv.bz2"])
def test_what_is_not_written_is_an_error(tmp_path: Path, name: str) -> None:
    path = Path(name) if name == "-" else tmp_path / name
    with pytest.raises(DnabertSError, match="plain or gzipped") as caught:
        check_pairs_name(path)
    assert caught.value.path == str(path)
