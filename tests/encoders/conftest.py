"""Fixtures of the encoder tests."""

from __future__ import annotations

from pathlib import Path

import pytest


@pytest.fixture(scope="session")
def dnabert(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model like DNABERT with 3-mers: BERT, overlapping k-mers, absolute positions."""
    from tests.stock_models import save_dnabert  # here: most tests of this folder do without transformers

    return save_dnabert(tmp_path_factory.mktemp("dnabert"))


@pytest.fixture(scope="session")
def nucleotide_transformer(tmp_path_factory: pytest.TempPathFactory) -> Path:
    """A model like the nucleotide transformers: ESM, 2-mers side by side and single letters."""
    from tests.stock_models import save_nucleotide_transformer  # here: as above

    return save_nucleotide_transformer(tmp_path_factory.mktemp("nucleotide_transformer"))


@pytest.fixture(params=["dnabert", "nucleotide_transformer"])
def stock_folder(request: pytest.FixtureRequest) -> Path:
    """Each of the two models."""
    found: Path = request.getfixturevalue(request.param)
    return found
