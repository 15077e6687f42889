"""Named tensors to a file and back."""

from __future__ import annotations

from pathlib import Path

import pytest
import torch

from dnabert_s_cli.encoders.tensor_files import read_tensors, write_tensors
from dnabert_s_cli.errors import DnabertSError


def test_tensors_are_read_as_written(tmp_path: Path) -> None:
    tensors = {"a": torch.arange(6.0).view(2, 3).T, "b": torch.ones(1)}
    write_tensors(tmp_path / "t.safetensors", tensors)
    found = read_tensors(tmp_path / "t.safetensors")
    assert found.keys() == tensors.keys()
    assert all(torch.equal(found[name], tensor) for name, tensor in tensors.items())


@pytest.mark.parametrize("content", [None, b"no tensors here"])
def test_what_is_no_such_file_is_named(tmp_path: Path, content: bytes | None) -> None:
    path = tmp_path / "t.safetensors"
    if content is not None:
        path.write_bytes(content)
    with pytest.raises(DnabertSError, match="cannot be read") as caught:
        read_tensors(path)
    assert caught.value.path == str(path)
