from __future__ import annotations

import hashlib
from pathlib import Path

import pytest

from dnabert_s_cli.pipelines.run_record import Run, file_facts


def test_a_run_describes_command_seed_and_time() -> None:
    described = Run("depth", argv=["x"], seed=3).describe(inputs=[], settings={"a": 1})
    assert (described["command"], described["argv"], described["seed"]) == ("depth", ["x"], 3)
    assert described["encoder"] == {}
    assert described["timings_s"].keys() == {"total"}  # type: ignore[attr-defined]  # JSON values are objects


def test_noted_stages_are_in_the_record_in_their_order() -> None:
    run = Run("bin")
    run.note("depth")
    run.note("embedding")
    assert list(run.timings_s) == ["depth", "total", "embedding"]
    assert run.timings_s["total"] == pytest.approx(run.timings_s["depth"] + run.timings_s["embedding"])
    assert run.describe(inputs=[], settings={})["timings_s"] == run.timings_s


def test_a_file_has_its_digest_and_a_folder_its_path_alone(tmp_path: Path) -> None:
    file = tmp_path / "a"
    file.write_bytes(b"abc")
    digest = hashlib.sha256(b"abc").hexdigest()
    assert file_facts(file, None, tmp_path, "-") == [
        {"path": str(file), "sha256": digest},
        {"path": str(tmp_path)},
        {"path": "-"},
    ]
