"""Contigs and bins as the compact columns that a page carries.

Arrays -> where there are very many contigs, the longest and a sample of the others -> 16- or 32-bit integers as base64
-> one JSON text that is safe inside a page. Numbers are rounded to what a screen can show.
"""

from __future__ import annotations

import base64
import json
import math
from collections.abc import Mapping, Sequence
from dataclasses import dataclass

import numpy as np

from ..io.bins.stats import HIGH_QUALITY, MEDIUM_QUALITY, BinName, BinStats
from .marks import DARK, LIGHT, neighbourly_colours, thickest_spots, unit_square

SHOWN_CONTIGS = 40_000  # points that a browser redraws fast enough to follow the pointer; 2.5 MB
_MOST_16 = 65_535
_LEAST_DEPTH, _DEPTH_STEPS = 0.01, 3_000  # code = 3000 ln(1 + depth / 0.01): exact to 0.02 %, up to 3e7
_ESCAPES = {"<": "\\u003c", ">": "\\u003e", "&": "\\u0026", "\u2028": "\\u2028", "\u2029": "\\u2029"}


@dataclass(frozen=True, slots=True, eq=False)
class MapContigs:
    """Contigs, or other records, on a map; N of them, in one order throughout.

    Attributes:
        names: N of them.
        lengths_bp: (N,).
        bins: (N,) number of each one's bin, from 1; 0 or less for none.
        xy: (N, 2) places.
        gc: (N,) share of G and C, 0 to 1, NaN where not known; None where it is known of none.
        depth: (N, S) mean depth in each sample; None where the run knew none.
        samples: S names.
    """

    names: Sequence[str]
    lengths_bp: np.ndarray
    bins: np.ndarray
    xy: np.ndarray
    gc: np.ndarray | None = None
    depth: np.ndarray | None = None
    samples: Sequence[str] = ()


def page_columns(
    contigs: MapContigs, bins: Sequence[BinStats], *, noun: str, prefix: str, record: str, seed: int
) -> str:
    """The JSON text that the page's script reads; no character in it can end the element that holds it.

    Args:
        noun: what a group is called, such as bin.
        prefix: what comes before its number.
        record: what a point is called, such as contig.
        seed: of the sample, where not all are shown.
    """
    shown = shown_rows(contigs.lengths_bp, seed=seed)
    columns = {
        "noun": noun,
        "prefix": prefix,
        "record": record,
        "total": len(contigs.names),
        "samples": list(contigs.samples),
        "high": HIGH_QUALITY,
        "medium": MEDIUM_QUALITY,
        "contigs": _contig_columns(contigs, shown),
        "bins": {**_bin_columns(bins), **_bin_marks(contigs, bins)},
        "colours": {"light": LIGHT, "dark": DARK},
    }
    return script_safe(json.dumps(columns, ensure_ascii=False, separators=(",", ":"), allow_nan=False))


def shown_rows(lengths_bp: np.ndarray, *, seed: int, most: int = SHOWN_CONTIGS) -> np.ndarray:
    """Rows to show, ascending: all, or the longest half of `most` and others drawn in proportion to their length."""
    n_rows = len(lengths_bp)
    if n_rows <= most:
        return np.arange(n_rows)
    longest_first = np.argsort(-lengths_bp.astype(np.int64), kind="stable")
    longest, rest = longest_first[: most // 2], np.sort(longest_first[most // 2 :])
    draws = np.log(np.random.default_rng(seed).random(len(rest))) / np.maximum(lengths_bp[rest], 1)
    drawn = rest[np.argsort(-draws, kind="stable")[: most - len(longest)]]
    return np.sort(np.concatenate([longest, drawn]))


def script_safe(text: str) -> str:
    """JSON with the letters escaped that mean something to a page."""
    for letter, escape in _ESCAPES.items():
        text = text.replace(letter, escape)
    return text


def _contig_columns(contigs: MapContigs, shown: np.ndarray) -> dict[str, object]:
    n_shown = len(shown)
    places = unit_square(contigs.xy)[shown]
    gc = np.full(n_shown, np.nan) if contigs.gc is None else np.asarray(contigs.gc, dtype=np.float64)[shown]
    codes = np.where(np.isnan(gc), _MOST_16, np.nan_to_num(gc) * 10_000)
    depth = np.zeros((n_shown, 0)) if contigs.depth is None else np.asarray(contigs.depth, dtype=np.float64)[shown]
    depth_codes = _DEPTH_STEPS * np.log1p(np.maximum(np.nan_to_num(depth), 0) / _LEAST_DEPTH)
    return {
        "names": [contigs.names[row] for row in shown],
        "x": _packed(places[:, 0] * _MOST_16, bits=16),
        "y": _packed(places[:, 1] * _MOST_16, bits=16),
        "length": _packed(contigs.lengths_bp[shown], bits=32),
        "gc": _packed(codes, bits=16),
        "bin": _packed(np.maximum(contigs.bins[shown], 0), bits=32 if len(shown) > _MOST_16 else 16),
        "depth": [_packed(column, bits=16) for column in depth_codes.T],
    }


def _packed(values: np.ndarray, *, bits: int) -> str:
    """Whole numbers, held within what the bits can say, as "u2:" or "u4:" and base64, low byte first."""
    dtype = np.dtype(f"<u{bits // 8}")
    held = np.clip(np.rint(values), 0, np.iinfo(dtype).max).astype(dtype)
    return f"u{bits // 8}:{base64.b64encode(held.tobytes()).decode('ascii')}"


def _bin_columns(bins: Sequence[BinStats]) -> Mapping[str, object]:
    depths = [None if one.depth is None else [_rounded(value, 4) for value in one.depth] for one in bins]
    return {
        "number": [one.number for one in bins],
        "label": [None if one.name in ("", f"bin.{one.number}") else one.name for one in bins],
        "n_contigs": [one.n_contigs for one in bins],
        "total_bp": [one.total_bp for one in bins],
        "n50_bp": [one.n50_bp for one in bins],
        "longest_bp": [one.longest_bp for one in bins],
        "gc": [None if one.gc is None else _rounded(100 * one.gc, 2) for one in bins],
        "depth": depths,
        "completeness": [_rounded(one.completeness, 2) for one in bins],
        "contamination": [_rounded(one.contamination, 2) for one in bins],
        "name": [_short_name(one.taxon) for one in bins],
        "phylum": [_phylum(one.taxon) for one in bins],
    }


def _bin_marks(contigs: MapContigs, bins: Sequence[BinStats]) -> Mapping[str, object]:
    places = unit_square(contigs.xy)
    spots = thickest_spots(places, contigs.lengths_bp, bins=contigs.bins, numbers=[one.number for one in bins])
    return {
        "x": spots[:, 0].round(4).tolist(),
        "y": spots[:, 1].round(4).tolist(),
        "colour": neighbourly_colours(spots),
    }


def _short_name(name: BinName | None) -> str:
    """Last taxon and rank of a lineage `d__...;p__...`."""
    if name is None or not name.taxon:
        return ""
    return f"{name.taxon.rsplit('__', 1)[-1]} ({name.rank})"


def _phylum(name: BinName | None) -> str:
    parts = name.taxon.split(";") if name is not None else []
    return next((part.removeprefix("p__") for part in parts if part.startswith("p__")), "")


def _rounded(value: float | None, digits: int) -> float | None:
    if value is None or not math.isfinite(value):
        return None
    return round(float(value), digits)
