from __future__ import annotations

import json
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.embeddings.parts import Part, Shard, part_chunks
from dnabert_s_cli.io.embeddings.reading import EmbeddingWriter, chain_digest, read_embeddings
from dnabert_s_cli.io.embeddings.values import id_lines
from tests.io.chunks import PROVENANCE, SETTINGS, final_files, make_chunk, part_of, three_chunks, write_chunks

SUFFIXES = [".npy", ".npz", ".tsv", ".parquet", ".h5ad"]
RECORDS = st.lists(st.tuples(st.text("ab", max_size=3), st.text("ACGT", max_size=3)), max_size=4)


def test_npy_comes_with_ids_and_provenance(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.npy", three_chunks())
    files = final_files(tmp_path)
    assert list(files) == ["emb.ids.tsv", "emb.npy", "emb.run.json"]
    assert files["emb.ids.tsv"].startswith(b"id\tlength\ttokens\twindows\nc0_0\t100\t20\t1\nc0_1\t101\t21\t2\n")
    outputs = [{"path": name, "bytes": len(files[name])} for name in ("emb.npy", "emb.ids.tsv")]
    assert json.loads(files["emb.run.json"]) == {**PROVENANCE, "outputs": outputs}


@pytest.mark.parametrize("suffix", SUFFIXES[1:])
def test_other_formats_come_with_provenance_of_their_own(tmp_path: Path, suffix: str) -> None:
    write_chunks(tmp_path / f"emb{suffix}", three_chunks())
    assert list(final_files(tmp_path)) == [f"emb{suffix}", f"emb{suffix}.run.json"]


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_nothing_else_is_left(tmp_path: Path, suffix: str) -> None:
    write_chunks(tmp_path / f"emb{suffix}", three_chunks())
    assert not (tmp_path / f"emb{suffix}.partial").exists()


@pytest.mark.parametrize("suffix", SUFFIXES)
def test_same_chunks_give_the_same_bytes(tmp_path: Path, suffix: str) -> None:
    for name in ("one", "two"):
        (tmp_path / name).mkdir()
        write_chunks(tmp_path / name / f"emb{suffix}", three_chunks())
    assert final_files(tmp_path / "one") == final_files(tmp_path / "two")


def test_bytes_do_not_depend_on_how_records_are_chunked(tmp_path: Path) -> None:
    chunk = make_chunk(["a", "b", "c"])
    ones = [part_of(chunk, slice(i, i + 1)) for i in range(3)]
    write_chunks(tmp_path / "one.npz", [chunk])
    write_chunks(tmp_path / "three.npz", ones)
    assert (tmp_path / "one.npz").read_bytes() == (tmp_path / "three.npz").read_bytes()


def test_missing_folder_is_made(tmp_path: Path) -> None:
    write_chunks(tmp_path / "new" / "emb.npy", three_chunks())
    assert len(read_embeddings(tmp_path / "new" / "emb.npy").ids) == 9


@pytest.mark.parametrize("existing", ["emb.npy", "emb.ids.tsv", "emb.run.json"])
def test_existing_output_is_not_overwritten(tmp_path: Path, existing: str) -> None:
    (tmp_path / existing).write_text("precious")
    with pytest.raises(DnabertSError, match="already exists") as caught:
        write_chunks(tmp_path / "emb.npy", three_chunks())
    assert caught.value.path == str(tmp_path / existing)
    assert final_files(tmp_path) == {existing: b"precious"}


def test_force_overwrites_a_finished_table(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.npy", three_chunks())
    write_chunks(tmp_path / "emb.npy", three_chunks()[:1], force=True)
    assert list(read_embeddings(tmp_path / "emb.npy").ids) == ["c0_0", "c0_1"]


def test_old_table_stays_until_the_new_one_is_whole(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.npy", three_chunks())
    before = final_files(tmp_path)
    write_chunks(tmp_path / "emb.npy", three_chunks()[:2], force=True, stop_after=1)
    assert final_files(tmp_path) == before


@pytest.mark.parametrize("name", ["emb.csv", "emb", "emb.tsv.gz"])
def test_unknown_format_is_an_error(tmp_path: Path, name: str) -> None:
    with pytest.raises(DnabertSError, match="unknown format") as caught:
        write_chunks(tmp_path / name, three_chunks())
    assert caught.value.path == str(tmp_path / name)
    assert ".parquet" in str(caught.value.hint)


def test_run_that_fails_before_its_first_chunk_leaves_nothing(tmp_path: Path) -> None:
    with (
        pytest.raises(RuntimeError),
        EmbeddingWriter(tmp_path / "emb.npy", dim=3, settings=SETTINGS, resume=False, force=False),
    ):
        raise RuntimeError
    assert list(tmp_path.iterdir()) == []


def test_chunk_that_is_not_finite_is_not_written(tmp_path: Path) -> None:
    bad = make_chunk(["a"])
    bad.embeddings[0, 0] = np.nan
    with pytest.raises(DnabertSError) as caught:
        write_chunks(tmp_path / "emb.npy", [make_chunk(["b"]), bad])
    assert caught.value.record == "a"
    write_chunks(tmp_path / "emb.npy", [make_chunk(["b"])], resume=True)
    assert list(read_embeddings(tmp_path / "emb.npy").ids) == ["b"]


def test_files_of_the_user_in_the_partial_folder_are_left(tmp_path: Path) -> None:
    write_chunks(tmp_path / "emb.npy", three_chunks(), stop_after=1)
    (tmp_path / "emb.npy.partial" / "notes.txt").write_text("mine")
    write_chunks(tmp_path / "emb.npy", three_chunks(), resume=True)
    assert final_files(tmp_path / "emb.npy.partial") == {"notes.txt": b"mine"}


@given(first=RECORDS, second=RECORDS)
def test_different_inputs_have_different_digests(first: list[tuple[str, str]], second: list[tuple[str, str]]) -> None:
    assert (chain_digest("", first) == chain_digest("", second)) == (first == second)


def test_digest_depends_on_what_came_before() -> None:
    record = [("a", "ACGT")]
    once = chain_digest("", record)
    assert len(once) == 64
    assert chain_digest(once, record) != once


UNSURE = {**SETTINGS, "uncertainty": True}


def write_unsure(path: Path) -> None:
    """Two records with their uncertainty."""
    chunk = replace(make_chunk(["a", "b"]), uncertainty=np.array([0.25, 0.5], dtype=np.float32))
    with EmbeddingWriter(path, dim=3, settings=UNSURE, resume=False, force=False) as writer:
        writer.append(chunk, digest="d")
        writer.finish({**PROVENANCE, "shard": {"index": 0, "n_shards": 1, "first_record": 0, "n_records": 2}})


def test_uncertainty_stands_with_the_ids(tmp_path: Path) -> None:
    write_unsure(tmp_path / "emb.npy")
    lines = ["id\tlength\ttokens\twindows\tuncertainty", "a\t100\t20\t1\t0.2500", "b\t101\t21\t2\t0.5000"]
    assert (tmp_path / "emb.ids.tsv").read_text().splitlines() == lines
    assert list(read_embeddings(tmp_path / "emb.npy").ids) == ["a", "b"]


@pytest.mark.parametrize("suffix", SUFFIXES[1:-1])  # .h5ad states it, and is not read
def test_tables_of_other_formats_do_without_uncertainty(tmp_path: Path, suffix: str) -> None:
    write_unsure(tmp_path / f"emb{suffix}")
    write_chunks(tmp_path / f"plain{suffix}", [make_chunk(["a", "b"])])
    unsure, plain = read_embeddings(tmp_path / f"emb{suffix}"), read_embeddings(tmp_path / f"plain{suffix}")
    assert (list(unsure.ids), unsure.lengths_bp.tolist()) == (list(plain.ids), plain.lengths_bp.tolist())
    assert (unsure.embeddings == plain.embeddings).all()


def test_parts_give_back_their_uncertainty(tmp_path: Path) -> None:
    write_unsure(tmp_path / "emb.npy")
    part = Part(tmp_path / "emb.npy", Shard(0, 1, 0, 2, 2), np.load(tmp_path / "emb.npy"), {})
    assert [None if one.uncertainty is None else one.uncertainty.tolist() for one in part_chunks(part)] == [[0.25, 0.5]]


def test_an_uncertainty_that_does_not_fit_is_a_mistake() -> None:
    chunk = replace(make_chunk(["a", "b"]), uncertainty=np.array([0.25], dtype=np.float32))
    with pytest.raises(ValueError, match="zip"):
        id_lines(chunk, dim=3)
