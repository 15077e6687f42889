from __future__ import annotations

import json
import pickle
import tempfile
from pathlib import Path

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st
from hypothesis.extra import numpy as hnp

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.labels.classifier_file import ClassifierFile, read_classifier_file, write_classifier_file

ARRAYS = st.dictionaries(
    st.text("ab.01", min_size=1, max_size=5),
    hnp.arrays(st.sampled_from([np.float32, np.float64, np.int64]), hnp.array_shapes(min_side=0, max_dims=2)).filter(
        lambda array: np.isfinite(array).all()
    ),
    max_size=4,
)
METADATA = st.dictionaries(st.text(max_size=5), st.none() | st.integers() | st.text() | st.lists(st.text()), max_size=4)


def make(path: Path) -> bytes:
    write_classifier_file(path, ClassifierFile({"members": np.arange(500)}, {"method": "knn"}))
    return path.read_bytes()


@given(arrays=ARRAYS, metadata=METADATA)
@settings(max_examples=40)
def test_what_was_written_is_read_back(arrays: dict[str, np.ndarray], metadata: dict[str, object]) -> None:
    with tempfile.TemporaryDirectory() as folder:
        path = Path(folder) / "a.clf"
        write_classifier_file(path, ClassifierFile(arrays, metadata))
        found = read_classifier_file(path)
    assert found.arrays.keys() == arrays.keys()
    for name, array in arrays.items():
        np.testing.assert_array_equal(found.arrays[name], array, strict=True)
    assert {name: found.metadata[name] for name in metadata} == metadata


def test_bytes_do_not_depend_on_the_clock(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    first = make(tmp_path / "a.clf")
    monkeypatch.setattr("time.time", lambda: 2e9)
    assert make(tmp_path / "b.clf") == first


@pytest.mark.parametrize("share", [0.0, 0.1, 0.5, 0.99])
def test_truncated_file_is_an_error(tmp_path: Path, share: float) -> None:
    path = tmp_path / "a.clf"
    content = make(path)
    path.write_bytes(content[: int(share * len(content))])
    with pytest.raises(DnabertSError, match="cannot be read: truncated, damaged, or not a classifier") as caught:
        read_classifier_file(path)
    assert caught.value.path == str(path)


def test_changed_number_is_an_error(tmp_path: Path) -> None:
    path = tmp_path / "a.clf"
    content = bytearray(make(path))
    content[400] ^= 1
    path.write_bytes(content)
    with pytest.raises(DnabertSError, match="cannot be read"):
        read_classifier_file(path)


def test_pickle_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.clf"
    path.write_bytes(pickle.dumps({"method": "knn"}))
    with pytest.raises(DnabertSError, match="cannot be read"):
        read_classifier_file(path)


def test_array_of_objects_is_refused(tmp_path: Path) -> None:
    path = tmp_path / "a.npz"
    np.savez(path, metadata=np.array([{}], dtype=object))
    with pytest.raises(DnabertSError, match="holds no plain array"):
        read_classifier_file(path)


def test_other_archive_is_no_classifier(tmp_path: Path) -> None:
    np.savez(tmp_path / "a.npz", x=np.zeros(3))
    with pytest.raises(DnabertSError, match=r"is a \.npz archive, but not a classifier"):
        read_classifier_file(tmp_path / "a.npz")


@pytest.mark.parametrize(
    ("header", "problem"),
    [
        ({"format": "x"}, "is not a classifier of dnabert-s"),
        ({"format": "dnabert-s classifier", "format_version": 9}, "has format version 9, this is 2"),
    ],
)
def test_other_format_is_an_error(tmp_path: Path, header: dict[str, object], problem: str) -> None:
    np.savez(tmp_path / "a.npz", metadata=np.frombuffer(json.dumps(header).encode(), np.uint8))
    with pytest.raises(DnabertSError, match=problem):
        read_classifier_file(tmp_path / "a.npz")


def test_missing_file_is_an_error(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no such file"):
        read_classifier_file(tmp_path / "none.clf")


@pytest.mark.parametrize(("name", "number", "is_read"), [("0.mean", np.inf, False), ("0.thresholds", np.inf, True)])
def test_only_thresholds_may_be_infinite(tmp_path: Path, name: str, number: float, is_read: bool) -> None:
    path = tmp_path / "a.clf"
    write_classifier_file(path, ClassifierFile({name: np.array([1.0, number])}, {}))
    if is_read:
        assert read_classifier_file(path).arrays[name][1] == number
        return
    with pytest.raises(DnabertSError, match=r"'0\.mean' holds what is no finite number"):
        read_classifier_file(path)


def test_nan_is_refused(tmp_path: Path) -> None:
    write_classifier_file(tmp_path / "a.clf", ClassifierFile({"0.thresholds": np.array([np.nan])}, {}))
    with pytest.raises(DnabertSError, match="holds what is no finite number"):
        read_classifier_file(tmp_path / "a.clf")
