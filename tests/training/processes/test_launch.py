"""Before processes are started; starting them is tested in tests/cli, of `train` and of `embed`."""

from __future__ import annotations

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.training.processes.launch import check_gpus


def test_more_gpus_than_there_are_is_an_error() -> None:
    with pytest.raises(DnabertSError, match="9999 GPUs asked for"):
        check_gpus(9999)
