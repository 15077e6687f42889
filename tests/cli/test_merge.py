"""`embed --shard` and `merge`: shards joined are what one process makes, and nothing else is joined."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnabert_s_cli import defaults
from tests.cli.conftest import Command

N_SHARDS = 3


@pytest.fixture(autouse=True)
def small_chunks(monkeypatch: pytest.MonkeyPatch) -> None:
    """Chunks of four records, so that thirty make several."""
    monkeypatch.setattr(defaults, "CHUNK_RECORDS", 4)


def make_shards(command: Command, reads: Path, folder: Path, *options: object, n_shards: int = N_SHARDS) -> list[Path]:
    folder.mkdir(exist_ok=True)
    paths = [folder / f"s{index}.npy" for index in range(n_shards)]
    for index, path in enumerate(paths):
        given = ("--model", "tnf-c", "--shard", f"{index}/{n_shards}", "-q", *options)
        assert command("embed", reads, "-o", path, *given).code == 0
    return paths


def test_shards_in_any_order_make_the_same_bytes(command: Command, reads: Path, tmp_path: Path) -> None:
    first, second, third = make_shards(command, reads, tmp_path / "s")
    assert command("embed", reads, "-o", tmp_path / "one.npy", "--model", "tnf-c").code == 0
    assert command("merge", third, first, second, "-o", tmp_path / "all.npy").code == 0
    for suffix in ("npy", "ids.tsv"):
        assert (tmp_path / f"all.{suffix}").read_bytes() == (tmp_path / f"one.{suffix}").read_bytes()


@pytest.mark.parametrize("suffix", ["npz", "tsv"])
def test_shards_make_other_formats_too(command: Command, reads: Path, tmp_path: Path, suffix: str) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    assert command("embed", reads, "-o", tmp_path / f"one.{suffix}", "--model", "tnf-c").code == 0
    assert command("merge", *shards, "-o", tmp_path / f"all.{suffix}").code == 0
    assert (tmp_path / f"all.{suffix}").read_bytes() == (tmp_path / f"one.{suffix}").read_bytes()


def test_more_shards_than_chunks_make_the_same_bytes(command: Command, reads: Path, tmp_path: Path) -> None:
    shards = make_shards(command, reads, tmp_path / "s", n_shards=11)
    assert command("embed", reads, "-o", tmp_path / "one.npy", "--model", "tnf-c").code == 0
    assert command("merge", *shards, "-o", tmp_path / "all.npy").code == 0
    assert (tmp_path / "all.npy").read_bytes() == (tmp_path / "one.npy").read_bytes()


def test_the_joined_table_says_how_its_shards_were_made(command: Command, reads: Path, tmp_path: Path) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    assert command("merge", *shards, "-o", tmp_path / "all.npy").code == 0
    run = json.loads((tmp_path / "all.run.json").read_text())
    assert (run["command"], run["encoder"]["model"], run["inputs"][0]["n_records"]) == ("merge", "tnf-c", 30)
    assert [shard["shard"]["index"] for shard in run["shards"]] == [0, 1, 2]


def refused(command: Command, shards: list[Path], tmp_path: Path) -> str:
    result = command("merge", *shards, "-o", tmp_path / "all.npy", "-q")
    assert result.code == 1
    assert not (tmp_path / "all.npy").exists()
    return result.err


def test_a_missing_shard_is_named(command: Command, reads: Path, tmp_path: Path) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    assert "error: shards are missing: 1/3\n" in refused(command, [shards[0], shards[2]], tmp_path)


def test_a_shard_given_twice_is_named(command: Command, reads: Path, tmp_path: Path) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    again = make_shards(command, reads, tmp_path / "again")
    assert f"error: {again[1]}: is shard 1/3, as is {shards[1]}" in refused(command, [*shards, again[1]], tmp_path)


def test_a_shard_of_another_number_is_refused(command: Command, reads: Path, tmp_path: Path) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    other = make_shards(command, reads, tmp_path / "two", n_shards=2)
    assert f"error: {other[1]}: is shard 1/2: cut into another number" in refused(
        command, [*shards[:2], other[1]], tmp_path
    )


def test_a_shard_of_other_input_is_refused(command: Command, reads: Path, tmp_path: Path) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    reads.write_text(reads.read_text().replace("A", "C", 1))
    other = make_shards(command, reads, tmp_path / "other")
    found = refused(command, [*shards[:2], other[2]], tmp_path)
    assert f"error: {other[2]}: was made from different input than {shards[0]}: file 1 differs" in found


@pytest.mark.parametrize(("options", "name"), [(("--model", "tnf"), "model"), (("--min-length", "2"), "min_length_bp")])
def test_a_shard_with_other_settings_is_refused(
    command: Command, reads: Path, tmp_path: Path, options: tuple[str, ...], name: str
) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    other = make_shards(command, reads, tmp_path / "other", *options)
    assert f"error: {other[2]}: was made with {name} " in refused(command, [*shards[:2], other[2]], tmp_path)


def test_overlapping_shards_are_refused(command: Command, reads: Path, tmp_path: Path) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    run_path = shards[1].with_suffix(".run.json")
    run = json.loads(run_path.read_text())
    run["shard"]["first_record"] -= 1  # as a version that shares out otherwise might
    run_path.write_text(json.dumps(run))
    assert f"error: {shards[1]}: begins with record" in refused(command, shards, tmp_path)


def test_a_shard_cut_short_is_refused(command: Command, reads: Path, tmp_path: Path) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    ids_path = shards[2].with_suffix(".ids.tsv")
    ids_path.write_text("".join(ids_path.read_text().splitlines(keepends=True)[:-1]))
    assert f"error: {ids_path}: does not have a line for each" in refused(command, shards, tmp_path)


def test_a_table_of_its_own_is_no_shard(command: Command, reads: Path, tmp_path: Path) -> None:
    assert command("embed", reads, "-o", tmp_path / "one.npy", "--model", "tnf-c", "-q").code == 0
    assert "is a complete table" in refused(command, [tmp_path / "one.npy"], tmp_path)


def test_a_file_that_is_not_there_is_an_error(command: Command, tmp_path: Path) -> None:
    assert "no such file" in refused(command, [tmp_path / "absent.npy"], tmp_path)


def test_rows_without_provenance_are_no_shard(command: Command, reads: Path, tmp_path: Path) -> None:
    shards = make_shards(command, reads, tmp_path / "s")
    shards[0].with_suffix(".run.json").unlink()
    assert f"error: {shards[0]}: no s0.run.json next to it" in refused(command, shards, tmp_path)


@pytest.mark.parametrize("shard", ["3/3", "1", "-1/3", "0/0", "a/b"])
def test_no_such_shard_is_wrong_usage(command: Command, reads: Path, tmp_path: Path, shard: str) -> None:
    result = command("embed", reads, "-o", tmp_path / "s.npy", "--model", "tnf-c", "--shard", shard)
    assert (result.code, f"'{shard}' is not i/n" in result.err) == (2, True)


@pytest.mark.parametrize("more", [("--processes", "2"), ("-o", "-")])
def test_shards_do_not_go_with_processes_or_stdout(
    command: Command, reads: Path, tmp_path: Path, more: tuple[str, ...]
) -> None:
    result = command("embed", reads, "-o", tmp_path / "s.npy", "--model", "tnf-c", "--shard", "0/2", *more)
    assert result.code == 2


def test_a_stream_cannot_be_cut(command: Command, tmp_path: Path) -> None:
    result = command("embed", "-", "-o", tmp_path / "s.npy", "--model", "tnf-c", "--shard", "0/2", "-q")
    assert (result.code, "<stdin>: can be read only once" in result.err) == (1, True)


def test_a_shard_is_a_npy(command: Command, reads: Path, tmp_path: Path) -> None:
    result = command("embed", reads, "-o", tmp_path / "s.tsv", "--model", "tnf-c", "--shard", "0/2", "-q")
    assert (result.code, "a shard is a .npy" in result.err) == (1, True)
