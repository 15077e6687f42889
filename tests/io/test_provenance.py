from __future__ import annotations

import datetime
import json
import math
import subprocess
import sys
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.io.provenance import describe_run, peak_memory_bytes, repeatable_part, run_json, write_run_json
from tests.locations import PROJECT


def _describe(timings_s: dict[str, float]) -> dict[str, object]:
    return describe_run(
        argv=["dnabert-s", "embed", "a.fa"],
        command="embed",
        seed=7,
        encoder={"name": "tnf-c", "fingerprint": "abc"},
        inputs=[{"path": Path("a.fa"), "sha256": "0" * 64}],
        settings={"window_bp": np.int64(100), "threshold": math.nan},
        timings_s=timings_s,
    )


def test_run_is_described_as_it_was_called() -> None:
    run = _describe({"embed": 1.0})
    assert (run["command"], run["seed"], run["argv"]) == ("embed", 7, ["dnabert-s", "embed", "a.fa"])
    assert run["inputs"] == [{"path": "a.fa", "sha256": "0" * 64}]
    assert run["settings"] == {"window_bp": 100, "threshold": None}


def test_versions_of_what_is_loaded_are_named() -> None:
    packages = _describe({})["packages"]
    assert isinstance(packages, dict)
    assert packages["numpy"] == np.__version__


@pytest.mark.parametrize("timings_s", [{"read": 60.0, "embed": 3540.0}, {"read": 60.0, "total": 3600.0}])
def test_start_is_reckoned_back_by_the_time_taken(timings_s: dict[str, float]) -> None:
    started = datetime.datetime.strptime(str(_describe(timings_s)["started_utc"]), "%Y-%m-%dT%H:%M:%SZ")
    now = datetime.datetime.now(datetime.timezone.utc).replace(tzinfo=None)
    assert abs((now - started).total_seconds() - 3600) < 5


def test_describing_a_run_does_not_load_torch() -> None:
    program = (
        "import sys; from dnabert_s_cli.io.provenance import describe_run as d;"
        "run = d(argv=[], command='x', seed=0, encoder={}, inputs=[], settings={}, timings_s={});"
        "assert 'torch' not in sys.modules and 'torch' not in run['packages']"
    )
    subprocess.run([sys.executable, "-c", program], cwd=PROJECT, check=True)


def test_peak_memory_is_in_bytes() -> None:
    block = np.ones(25_000_000)
    assert block.nbytes < peak_memory_bytes() < 1 << 40


def test_json_is_sorted_and_holds_no_nan() -> None:
    text = run_json({"b": [math.inf, np.float32(0.5)], "a": {"x": (1, None, True)}})
    assert text == '{\n  "a": {\n    "x": [\n      1,\n      null,\n      true\n    ]\n  },\n' + (
        '  "b": [\n    null,\n    0.5\n  ]\n}\n'
    )


def test_value_that_json_does_not_know_is_a_misuse() -> None:
    with pytest.raises(TypeError, match="not a value"):
        run_json({"a": object()})


def test_description_is_written_whole(tmp_path: Path) -> None:
    run = _describe({"embed": 1.5})
    write_run_json(tmp_path / "run.json", run)
    assert json.loads((tmp_path / "run.json").read_text()) == run
    assert list(tmp_path.iterdir()) == [tmp_path / "run.json"]


def test_failed_write_leaves_the_old_description(tmp_path: Path) -> None:
    write_run_json(tmp_path / "run.json", {"a": 1})
    with pytest.raises(TypeError):
        write_run_json(tmp_path / "run.json", {"a": object()})
    assert json.loads((tmp_path / "run.json").read_text()) == {"a": 1}


def test_repeatable_part_is_the_same_for_the_same_run() -> None:
    assert repeatable_part(_describe({"embed": 1.0})) == repeatable_part(_describe({"embed": 2.0}))
