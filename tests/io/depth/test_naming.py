"""Names of samples on the command line, and those that files get."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.io.depth.naming import sample_names, split_names


def test_a_name_stands_before_the_path() -> None:
    assert split_names(["gut=a/x.bam", "b.bam"]) == (("a/x.bam", "b.bam"), {"a/x.bam": "gut"})


@pytest.mark.parametrize("word", ["=x.bam", "x.bam=", "run/k=3/x.bam", "plain.bam"])
def test_other_words_are_paths(word: str) -> None:
    assert split_names([word]) == ((word,), {})


def test_a_file_that_is_there_is_a_path(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    monkeypatch.chdir(tmp_path)
    Path("k=3.bam").touch()
    assert split_names(["k=3.bam"]) == (("k=3.bam",), {})


def test_as_many_folders_as_it_takes_tell_files_apart() -> None:
    paths = ["/a/run/x.bam", "/b/run/x.bam", "/b/y.bam"]
    assert sample_names(paths, {}, own=["x.bam", "x.bam", "y.bam"]) == ["a/run/x.bam", "b/run/x.bam", "y.bam"]


def test_a_given_name_stays_and_the_other_moves_away_from_it() -> None:
    assert sample_names(["/a/x", "/b/y"], {"/a/x": "y"}, own=["x", "y"]) == ["y", "b/y"]
