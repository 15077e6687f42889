"""The public names of the package."""

from __future__ import annotations

import subprocess
import sys

import pytest

import dnabert_s_cli


@pytest.mark.parametrize("name", dnabert_s_cli.__all__)
def test_every_public_name_is_there(name: str) -> None:
    assert getattr(dnabert_s_cli, name).__name__ == name
    assert name in dir(dnabert_s_cli)


def test_unknown_name_is_an_attribute_error() -> None:
    with pytest.raises(AttributeError, match="has no attribute 'nonsense'"):
        dnabert_s_cli.nonsense  # noqa: B018  # looking it up is the test


def test_importing_the_package_loads_nothing_heavy() -> None:
    heavy = {"torch", "numpy", "sklearn", "transformers", "pysam", "Bio", "rich", "typer"}
    code = f"import sys, dnabert_s_cli; print(sorted({heavy} & sys.modules.keys()))"
    assert subprocess.run([sys.executable, "-c", code], capture_output=True, text=True).stdout == "[]\n"
