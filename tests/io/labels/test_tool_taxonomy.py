"""Taxonomy of other tools: each format as its tool writes it."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.labels.tool_taxonomy import ToolLabel, read_tool_labels

KRAKEN = "C\tc1\t562\t1500\t562:30 0:10 561:20 A:5\nU\tc2\t0\t900\t0:80\n"
KRAKEN_NAMES = "C\tc1\tEscherichia coli (taxid 562)\t1500\t562:40\n"
METABULI = "1\tc1\t562\t1500\t0.91\tspecies\t562:12 \n0\tc2\t0\t900\t0\tno rank\t\n"
MMSEQS = (
    "c1\t561\tgenus\tEscherichia\t5\t5\t4\t0.83\t-_cellular organisms;d_Bacteria;f_Enterobacteriaceae;g_Escherichia\n"
)
MMSEQS_BARE = "c1\t562\tspecies\tEscherichia coli\nc2\t0\tno rank\tunclassified\n"
TAXOMETER = (
    "contigs\tpredictions\tscores\n"
    "c1\td__Bacteria;p__P;c__C;o__O;f__F;g__Escherichia;s__E\t1.0;0.9;0.9;0.9;0.8;0.7;0.6\n"
    "c2\tBacteria;P;C;O;F;Vibrio\t1;1;1;1;1;0.5\n"
    "c3\td__Bacteria;p__P\t1.0;0.9\n"
)
OWN = (
    "status\tid\tlabel\tlength\tscore\tmargin\n"
    "C\tc1\td__Bacteria;g__Vibrio\t100\t0.9\t0.1\nU\tc2\tunclassified\t90\t0.1\t0\n"
)


def _read(folder: Path, text: str) -> dict[str, ToolLabel]:
    (folder / "labels.txt").write_text(text)
    return read_tool_labels(folder / "labels.txt")


@pytest.mark.parametrize(
    ("text", "expected"),
    [
        (KRAKEN, {"c1": ToolLabel("", 562, pytest.approx(50 / 60))}),
        (KRAKEN_NAMES, {"c1": ToolLabel("", 562, 1.0)}),
        (METABULI, {"c1": ToolLabel("", 562, 0.91)}),
        (MMSEQS, {"c1": ToolLabel("Escherichia", 561, 0.83)}),
        (MMSEQS_BARE, {"c1": ToolLabel("", 562, 0.5)}),
        (
            TAXOMETER,
            {"c1": ToolLabel("Escherichia", 0, 0.7), "c2": ToolLabel("Vibrio", 0, 0.5), "c3": ToolLabel("", 0, 0.9)},
        ),
        (OWN, {"c1": ToolLabel("Vibrio", 0, 0.9)}),
        ("", {}),
    ],
    ids=["kraken2", "kraken2 --use-names", "metabuli", "mmseqs", "mmseqs bare", "taxometer", "classify", "empty"],
)
def test_each_format_is_read(tmp_path: Path, text: str, expected: dict[str, ToolLabel]) -> None:
    assert _read(tmp_path, text) == expected


def test_a_kraken_report_is_refused(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="no taxonomy of a tool that is known") as raised:
        _read(tmp_path, " 78.58\t1269\t1269\tU\t0\tunclassified\n")
    assert raised.value.line == 1


def test_a_damaged_line_is_named(tmp_path: Path) -> None:
    with pytest.raises(DnabertSError, match="cannot be read as the lines before: 'C") as raised:
        _read(tmp_path, KRAKEN + "C\tc2\tmany\t10\t0:1\n")
    assert raised.value.line == 3
