"""Scores on disk."""

from __future__ import annotations

import json
from pathlib import Path

from dnabert_s_cli.io.bins.evaluation import Score, Skipped, TextTable, write_markdown, write_results_json, write_scores

SCORES = [
    Score("clustering", "sound", "tnf", "a", "ari", (0.25, 0.75)),
    Score("binning", "sound", "tnf", "b", "n_bins", (3,)),
]
SKIPPED = [Skipped("x", "no network:\tnot here\nat all"), Skipped("y", "broke", is_failure=True)]


def test_each_score_is_a_line_and_so_is_each_model_that_was_skipped(tmp_path: Path) -> None:
    write_scores(tmp_path / "a.tsv", SCORES, skipped=SKIPPED)
    rows = [line.split("\t") for line in (tmp_path / "a.tsv").read_text().splitlines()]
    assert rows == [
        ["task", "protocol", "model", "set", "metric", "mean", "sd", "n", "note"],
        ["clustering", "sound", "tnf", "a", "ari", "0.5", "0.353553", "2", ""],
        ["binning", "sound", "tnf", "b", "n_bins", "3", "", "1", ""],
        ["", "", "x", "", "skipped", "", "", "0", "no network: not here at all"],
        ["", "", "y", "", "failed", "", "", "0", "broke"],
    ]


def test_json_holds_every_seed_and_how_it_was_made(tmp_path: Path) -> None:
    write_results_json(tmp_path / "a.json", SCORES, skipped=SKIPPED, provenance={"seed": 7})
    found = json.loads((tmp_path / "a.json").read_text())
    assert (found["scores"][0]["values"], found["scores"][0]["mean"]) == ([0.25, 0.75], 0.5)
    assert (found["skipped"][0]["model"], found["run"]) == ("x", {"seed": 7})


def test_markdown_has_as_many_cells_in_each_row(tmp_path: Path) -> None:
    write_markdown(tmp_path / "a.md", [TextTable("T", ("model", "x|y"), (("a|b", "1"),), 1)])
    text = (tmp_path / "a.md").read_text()
    assert text == "### T\n\n| model | x/y |\n| --- | ---: |\n| a/b | 1 |\n"
