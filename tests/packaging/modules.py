"""A Nextflow module read as text: the commands of its script, and the files that it says come out.

Only what our own modules use of the language is understood: `def NAME = ...` lines are passed over, and every `${...}`
of the script and the outputs must be among the values that the caller gives.
"""

from __future__ import annotations

import re
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

_SCRIPT = re.compile(r'^    script:\n.*?"""\n(.*?)"""', re.MULTILINE | re.DOTALL)
_STUB = re.compile(r'^    stub:\n.*?"""\n(.*?)"""', re.MULTILINE | re.DOTALL)
_OUTPUT = re.compile(r'^    tuple val\(meta\), path\("(.*?)"\)(.*)$', re.MULTILINE)
_VERSION = re.compile(r'eval\("(.*?)"\)')


@dataclass(frozen=True, slots=True, kw_only=True)
class Module:
    """One module: shell code of script and stub, the shell code that prints the version, patterns of output files.

    `outputs` has a pattern and whether the file must be there.
    """

    script: str
    stub: str
    version: str
    outputs: list[tuple[str, bool]]


def read_module(path: Path, values: Mapping[str, str]) -> Module:
    """Return the module of a `main.nf` with `values` in place of its variables; KeyError for one that is not given."""
    text = path.read_text(encoding="utf-8")
    script, stub, version = (pattern.search(text) for pattern in (_SCRIPT, _STUB, _VERSION))
    assert script is not None
    assert stub is not None
    assert version is not None
    return Module(
        script=_filled(script[1], values),
        stub=_filled(stub[1], values),
        version=version[1],
        outputs=[(_filled(name, values), "optional: true" not in rest) for name, rest in _OUTPUT.findall(text)],
    )


def _filled(text: str, values: Mapping[str, str]) -> str:
    return re.sub(r"\$\{(.*?)\}", lambda found: values[found[1]], text)
