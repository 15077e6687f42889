"""Devices and number formats by name."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dnabert_s_cli.encoders.devices import (
    cpu_flags,
    hardware_facts,
    keep_freed_memory,
    resolve_device,
    resolve_dtype,
    use_threads,
)
from dnabert_s_cli.errors import DnabertSError

CPU = torch.device("cpu")


@pytest.mark.skipif(torch.cuda.is_available(), reason="needs a machine without CUDA")
def test_absent_gpu_is_said_with_the_torch_build() -> None:
    with pytest.raises(DnabertSError, match=r"device 'cuda:1' asked for, but no CUDA device is usable \(torch"):
        resolve_device("cuda:1")


@pytest.mark.parametrize("name", ["tpu", "meta", "cpu:x"])
def test_unknown_device_lists_the_known(name: str) -> None:
    with pytest.raises(DnabertSError, match=f"unknown device '{name}'") as caught:
        resolve_device(name)
    assert caught.value.hint == "use auto, cpu, cuda, cuda:N or mps"


def test_unknown_dtype_lists_the_known() -> None:
    with pytest.raises(DnabertSError, match="unknown dtype 'float16'") as caught:
        resolve_dtype("float16", CPU)
    assert caught.value.hint == "use auto, float32, bfloat16"


def test_dtype_by_name() -> None:
    assert resolve_dtype("float32", CPU) is torch.float32
    assert resolve_dtype("bfloat16", CPU) is torch.bfloat16


def test_auto_is_bfloat16_only_with_the_instructions_for_it(monkeypatch: pytest.MonkeyPatch) -> None:
    for flags, expected in ((frozenset({"avx2"}), torch.float32), (frozenset({"amx_bf16"}), torch.bfloat16)):
        monkeypatch.setattr("dnabert_s_cli.encoders.devices.cpu_flags", lambda flags=flags: flags)
        assert resolve_dtype("auto", CPU) is expected


def test_flags_are_read_from_either_kind_of_processor(tmp_path: Path) -> None:
    arm = tmp_path / "cpuinfo"
    arm.write_text("processor : 0\nFeatures : fp asimd bf16\n")
    assert "bf16" in cpu_flags(arm)
    assert cpu_flags(tmp_path / "absent") == frozenset()


def test_threads_are_set() -> None:
    before = torch.get_num_threads()
    try:
        assert use_threads(1) == 1
        assert torch.get_num_threads() == 1
    finally:
        use_threads(before)


def test_facts_name_the_device_and_the_torch_build() -> None:
    facts = dict(hardware_facts())
    assert facts["torch build"].startswith(torch.__version__)
    assert {"device", "dtype by default", "hub cache", "threads"} <= facts.keys()


def test_memory_is_kept_where_the_c_library_can(monkeypatch: pytest.MonkeyPatch) -> None:
    asked: list[tuple[int, int]] = []

    class Library:
        def mallopt(self, parameter: int, value: int) -> None:
            asked.append((parameter, value))

    monkeypatch.setattr("ctypes.CDLL", lambda _: Library())
    keep_freed_memory()
    assert asked[0] == (-8, 1)
