"""A classifier on disk: a .npz archive of plain arrays and one JSON text, never a pickle.

Arrays and what tells them apart -> one file whose bytes depend on nothing else -> the same arrays and values, each
member's check sum verified.
"""

from __future__ import annotations

import json
import zipfile
from collections.abc import Mapping
from dataclasses import dataclass
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import DnabertSError
from ...untrusted import parse_json
from ..arrays import read_npz
from ..files import atomic_path, check_input
from ..provenance import plain_value

FORMAT = "dnabert-s classifier"
FORMAT_VERSION = 2
_METADATA = "metadata"
_MAY_BE_INFINITE = "thresholds"  # which nothing passes, or everything
_HINT = "give a file that `dnabert-s classify fit` wrote, whole"
_ZIP_DATE = (1980, 1, 1, 0, 0, 0)  # the zip format's first: the bytes must not depend on the clock


@dataclass(frozen=True, slots=True, eq=False)
class ClassifierFile:
    """Arrays by name, and plain values by name."""

    arrays: Mapping[str, npt.NDArray[np.generic]]
    metadata: Mapping[str, object]


def write_classifier_file(path: str | Path, content: ClassifierFile, *, is_small: bool = False) -> None:
    """Write a classifier, whole or not at all.

    Args:
        is_small: compress it, which pays where arrays are of small whole numbers.
    """
    header = {"format": FORMAT, "format_version": FORMAT_VERSION, **content.metadata}
    text = json.dumps(plain_value(header), sort_keys=True, ensure_ascii=False, allow_nan=False)
    arrays = {**content.arrays, _METADATA: np.frombuffer(text.encode(), np.uint8)}
    with atomic_path(path) as temporary, zipfile.ZipFile(temporary, "w") as archive:
        for name, array in arrays.items():
            member = zipfile.ZipInfo(f"{name}.npy", _ZIP_DATE)
            member.compress_type = zipfile.ZIP_DEFLATED if is_small else zipfile.ZIP_STORED
            with archive.open(member, "w", force_zip64=True) as stream:
                np.lib.format.write_array(stream, np.ascontiguousarray(array), allow_pickle=False)


def read_classifier_file(path: str | Path) -> ClassifierFile:
    """What `write_classifier_file` wrote.

    Raises:
        DnabertSError: missing, truncated, damaged, another kind of file, or of a later format.
    """
    check_input(path)
    arrays = read_npz(Path(path), what="classifier")
    if _METADATA not in arrays:
        raise DnabertSError("is a .npz archive, but not a classifier", path=path, hint=_HINT)
    metadata = parse_json(arrays.pop(_METADATA).tobytes(), path)
    for name, array in arrays.items():
        is_number = array.dtype.kind in "iuf"
        if not is_number or np.isnan(array).any() or (np.isinf(array).any() and not name.endswith(_MAY_BE_INFINITE)):
            raise DnabertSError(f"is damaged: '{name}' holds what is no finite number", path=path, hint=_HINT)
    if not isinstance(metadata, dict) or metadata.get("format") != FORMAT:
        raise DnabertSError("is not a classifier of dnabert-s", path=path, hint=_HINT)
    if metadata.get("format_version") != FORMAT_VERSION:
        version = metadata.get("format_version")
        hint = "update dnabert-s, or fit the classifier again"
        raise DnabertSError(f"has format version {version}, this is {FORMAT_VERSION}", path=path, hint=hint)
    return ClassifierFile(arrays, metadata)
