"""Where the tests find their data.

`GOLDEN` travels with the project. `SHARED` is the developers' folder beside the project; it holds data that may not
be copied here, so what needs it is skipped, saying so, where it is absent.
"""

from __future__ import annotations

from pathlib import Path

import pytest

PROJECT = Path(__file__).resolve().parent.parent
GOLDEN = PROJECT / "tests" / "golden"
SHARED = PROJECT.parent / "shared"

needs_shared = pytest.mark.skipif(not SHARED.is_dir(), reason="needs ../shared, the developers' data folder")
