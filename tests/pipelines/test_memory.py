"""How much memory is free, from files as Linux writes them, and the refusal."""

from __future__ import annotations

import logging
from pathlib import Path

import pytest

from dnabert_s_cli import memory
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.memory import available_bytes, require_memory

GIB = 1 << 30


@pytest.fixture
def kernel(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> Path:
    """A folder that stands for the kernel: meminfo says 8 GiB, and no container has a limit."""
    meminfo = f"MemTotal:       16777216 kB\nMemFree:         1048576 kB\nMemAvailable:    {8 * GIB // 1024} kB\n"
    (tmp_path / "meminfo").write_text(meminfo)
    monkeypatch.setattr(memory, "_MEMINFO", tmp_path / "meminfo")
    limits = tuple((tmp_path / f"limit{version}", tmp_path / f"usage{version}") for version in (2, 1))
    monkeypatch.setattr(memory, "_LIMITS", limits)
    return tmp_path


def set_limit(kernel: Path, limit: object, usage: object, *, version: int = 2) -> None:
    (kernel / f"limit{version}").write_text(f"{limit}\n")
    (kernel / f"usage{version}").write_text(f"{usage}\n")


def test_what_the_kernel_can_give_is_available(kernel: Path) -> None:  # noqa: ARG001  # for its effect
    assert available_bytes() == 8 * GIB


@pytest.mark.parametrize("version", [1, 2])
def test_a_container_leaves_what_its_limit_does(kernel: Path, version: int) -> None:
    set_limit(kernel, 5 * GIB, 2 * GIB, version=version)
    assert available_bytes() == 3 * GIB


def test_a_limit_above_what_the_kernel_can_give_does_not_count(kernel: Path) -> None:
    set_limit(kernel, 64 * GIB, 2 * GIB)
    assert available_bytes() == 8 * GIB


def test_a_container_without_limit_does_not_count(kernel: Path) -> None:
    set_limit(kernel, "max", 2 * GIB)
    assert available_bytes() == 8 * GIB


def test_use_beyond_the_limit_leaves_nothing(kernel: Path) -> None:
    set_limit(kernel, 2 * GIB, 3 * GIB)
    assert available_bytes() == 0


def test_where_the_kernel_does_not_say_it_is_all_there_is(kernel: Path) -> None:
    (kernel / "meminfo").unlink()
    assert available_bytes() > GIB // 4


def test_a_refusal_names_the_step_and_both_numbers() -> None:
    with pytest.raises(DnabertSError) as caught:
        require_memory(3 * GIB, 2 * GIB, what="the graph")
    assert caught.value.problem == "the graph needs about 3.0 GiB, and 2.0 GiB are free"
    assert "--min-length" in str(caught.value.hint)


def test_much_memory_is_announced(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    require_memory(3 * GIB, 4 * GIB, what="the graph")
    assert caplog.messages == ["the graph needs about 3.0 GiB of memory; 4.0 GiB is free"]


def test_little_memory_is_not_worth_a_word(caplog: pytest.LogCaptureFixture) -> None:
    caplog.set_level(logging.INFO)
    require_memory(1000, 1000, what="the graph")
    assert caplog.messages == []
