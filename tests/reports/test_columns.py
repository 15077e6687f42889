"""The columns a page carries: what is packed, what is shown of very many, what bins add up to."""

from __future__ import annotations

import base64
import json
from dataclasses import replace

import numpy as np
import pytest

from dnabert_s_cli.io.bins.stats import BinName, BinStats
from dnabert_s_cli.reports.columns import MapContigs, page_columns, script_safe, shown_rows
from tests.reports.inputs import EVIL, bins_of, some_contigs


def _columns(contigs: MapContigs, bins: list[BinStats] | None = None) -> dict[str, object]:
    bins = bins_of(contigs) if bins is None else bins
    return dict(json.loads(page_columns(contigs, bins, noun="bin", prefix="bin.", record="contig", seed=0)))


def _unpacked(text: str) -> np.ndarray:
    return np.frombuffer(base64.b64decode(text[3:]), dtype=f"<{text[:2]}")


def test_no_letter_of_a_name_can_end_the_script() -> None:
    contigs = some_contigs()
    text = page_columns(contigs, [], noun="bin", prefix="bin.", record="contig", seed=0)
    assert not set(text) & set("<>&\u2028\u2029")
    assert json.loads(text)["contigs"]["names"][0] == EVIL


def test_escapes_are_json() -> None:
    assert json.loads(script_safe(json.dumps("<a>&\u2028\u2029", ensure_ascii=False))) == "<a>&\u2028\u2029"


def test_lengths_bins_gc_and_depth_come_back() -> None:
    contigs = some_contigs()
    assert contigs.gc is not None
    assert contigs.depth is not None
    columns = _columns(contigs)["contigs"]
    assert isinstance(columns, dict)
    assert _unpacked(columns["length"]).tolist() == contigs.lengths_bp.tolist()
    assert _unpacked(columns["bin"]).tolist() == contigs.bins.tolist()
    assert _unpacked(columns["gc"]) / 10_000 == pytest.approx(contigs.gc, abs=1e-4)
    depth = 0.01 * np.expm1(np.stack([_unpacked(one) for one in columns["depth"]], axis=1) / 3_000)
    assert depth == pytest.approx(contigs.depth, rel=1e-3)


def test_places_fill_the_square_without_stretching() -> None:
    contigs = MapContigs(["a", "b", "c"], np.ones(3), np.ones(3, dtype=int), np.array([[0, 0], [4, 1], [2, 2.0]]))
    columns = _columns(contigs)["contigs"]
    assert isinstance(columns, dict)
    assert _unpacked(columns["x"]).tolist() == [0, 65_535, 32_768]
    assert _unpacked(columns["y"]).tolist() == [16_384, 32_768, 49_151]


def test_unknown_gc_has_a_code_of_its_own_and_no_depth_no_column() -> None:
    contigs = MapContigs(["a"], np.array([9]), np.array([-1]), np.zeros((1, 2)))
    columns = _columns(contigs)["contigs"]
    assert isinstance(columns, dict)
    assert _unpacked(columns["gc"]).tolist() == [65_535]
    assert _unpacked(columns["bin"]).tolist() == [0]
    assert columns["depth"] == []


def test_of_very_many_the_longest_and_a_sample_of_the_others_are_shown() -> None:
    lengths_bp = np.random.default_rng(0).integers(1_500, 100_000, 1_000)
    shown = shown_rows(lengths_bp, seed=0, most=200)
    assert len(shown) == len(set(shown.tolist())) == 200
    assert (np.diff(shown) > 0).all()
    assert set(np.argsort(-lengths_bp, kind="stable")[:100].tolist()) <= set(shown.tolist())
    assert shown.tolist() == shown_rows(lengths_bp, seed=0, most=200).tolist()


def test_all_are_shown_where_they_are_few() -> None:
    assert shown_rows(np.array([5, 3, 9]), seed=0, most=3).tolist() == [0, 1, 2]


def test_numbers_that_are_not_finite_become_null() -> None:
    bins = _columns(some_contigs(), [BinStats(1, 1, 1, 1, 1, gc=float("nan"), depth=[float("inf")])])["bins"]
    assert isinstance(bins, dict)
    assert (bins["gc"], bins["depth"], bins["completeness"]) == ([None], [[None]], [None])


def test_names_of_bins_are_columns_of_the_page() -> None:
    names = {1: BinName("d__Bacteria;p__Bacillota;g__Bacillus", "genus", 0.9, "Bacillus subtilis", 0.8)}
    bins = [replace(one, taxon=names.get(one.number)) for one in bins_of(some_contigs())]
    columns = _columns(some_contigs(), bins)["bins"]
    assert isinstance(columns, dict)
    assert columns["name"][:2] == ["Bacillus (genus)", ""]
    assert columns["phylum"][:2] == ["Bacillota", ""]
