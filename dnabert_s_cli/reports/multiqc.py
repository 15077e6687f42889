"""Files that MultiQC picks up by their names, `*_mqc.json`, and shows with those of other samples.

What became of each sample's contigs -> one JSON file for each part of MultiQC's page: bins by quality, bases in bins,
and columns of its general statistics. Each part has a fixed id, by which MultiQC joins the rows of several runs.
Source: docs.seqera.io/multiqc/custom_content.
"""

from __future__ import annotations

import json
from collections.abc import Sequence
from dataclasses import dataclass
from pathlib import Path

from ..io.bins.stats import HIGH_QUALITY, MEDIUM_QUALITY, BinStats
from ..io.files import atomic_path

_PARENT = {
    "parent_id": "dnaberts",
    "parent_name": "DNABERT-S",
    "parent_description": "sorts the contigs of metagenome assemblies into species bins.",
}
_HIGH, _MEDIUM, _LOW, _UNKNOWN = "high", "medium", "low", "unknown"
_QUALITY_NAMES = {
    _HIGH: ("High", "#2166ac"),
    _MEDIUM: ("Medium", "#92c5de"),
    _LOW: ("Low", "#d6604d"),
    _UNKNOWN: ("Not estimated", "#b0b0b0"),
}
_BASES_NAMES = {
    "binned": ("In bins", "#2166ac"),
    "unbinned": ("In no bin", "#f4a582"),
    "short": ("In contigs that are too short", "#b0b0b0"),
}


@dataclass(frozen=True, slots=True, kw_only=True)
class SampleRow:
    """One sample.

    Attributes:
        total_bp: of contigs of at least the minimum length.
        short_bp: of the others; None where they were not counted by sample.
        n_with_depth: contigs with reads in at least one sample; None where no depth was given.
    """

    name: str
    bins: Sequence[BinStats]
    n_contigs: int
    total_bp: int
    short_bp: int | None
    n_with_depth: int | None

    @property
    def binned_bp(self) -> int:
        """Bases of all bins."""
        return sum(row.total_bp for row in self.bins)


def write_multiqc(folder: Path, rows: Sequence[SampleRow], *, prefix: str = "") -> None:
    """bins_mqc.json, bins_bases_mqc.json and bins_summary_mqc.json, into `folder`, their names behind `prefix`."""
    for name, section in (
        ("bins_mqc.json", _bins_section(rows)),
        ("bins_bases_mqc.json", _bases_section(rows)),
        ("bins_summary_mqc.json", _summary_columns(rows)),
    ):
        with atomic_path(folder / f"{prefix}{name}") as temporary:
            temporary.write_text(json.dumps(section, indent=2, ensure_ascii=False) + "\n", encoding="utf-8")


def _bins_section(rows: Sequence[SampleRow]) -> dict[str, object]:
    high, medium = HIGH_QUALITY, MEDIUM_QUALITY
    description = (
        f"High quality: at least {high['completeness']} % complete and less than {high['contamination']} % "
        f"contaminated by single-copy marker genes; medium: at least {medium['completeness']} % and less than "
        f"{medium['contamination']} % (MIMAG without its rRNA and tRNA genes)."
    )
    return {
        **_section("dnaberts_bins", "Bins by quality", description=description),
        **_bars("dnaberts_bins", "DNABERT-S: bins by quality", unit="Bins", names=_QUALITY_NAMES),
        "data": {row.name: _by_quality(row.bins) for row in rows},
    }


def _bases_section(rows: Sequence[SampleRow]) -> dict[str, object]:
    description = "Bases of the assembly in bins, in contigs of no bin, and in contigs below the minimum length."
    return {
        **_section("dnaberts_bases", "Bases in bins", description=description),
        **_bars("dnaberts_bases", "DNABERT-S: bases in bins", unit="Bases", names=_BASES_NAMES),
        "data": {row.name: _bases(row) for row in rows},
    }


def _summary_columns(rows: Sequence[SampleRow]) -> dict[str, object]:
    share = {"max": 100, "min": 0, "suffix": "%", "format": "{:,.1f}"}
    columns = [
        {"n_bins": {"title": "Bins", "description": "Species bins", "format": "{:,.0f}", "scale": "Blues"}},
        {
            "n_high_quality": {
                "title": "HQ bins",
                "description": "Bins of high quality, by single-copy marker genes",
                "format": "{:,.0f}",
                "scale": "Greens",
            }
        },
        {"binned": {"title": "Binned", "description": "Share of the bases in bins", "scale": "Purples", **share}},
        {
            "with_depth": {
                "title": "With depth",
                "description": "Share of the contigs with reads in at least one sample",
                "scale": "Oranges",
                **share,
            }
        },
    ]
    return {
        "id": "dnaberts_summary",
        "plot_type": "generalstats",
        "namespace": "DNABERT-S",
        "pconfig": columns,
        "data": {row.name: _summary(row) for row in rows},
    }


def _section(anchor: str, title: str, *, description: str) -> dict[str, object]:
    return {"id": anchor, **_PARENT, "section_name": title, "description": description}


def _bars(anchor: str, title: str, *, unit: str, names: dict[str, tuple[str, str]]) -> dict[str, object]:
    categories = {key: {"name": name, "color": colour} for key, (name, colour) in names.items()}
    pconfig = {"id": f"{anchor}_plot", "title": title, "ylab": unit}
    return {"plot_type": "bargraph", "categories": categories, "pconfig": pconfig}


def _by_quality(bins: Sequence[BinStats]) -> dict[str, int]:
    counts = dict.fromkeys(_QUALITY_NAMES, 0)
    for row in bins:
        if row.completeness is None or row.contamination is None:
            counts[_UNKNOWN] += 1
        else:
            counts[_HIGH if row.is_high_quality else _MEDIUM if row.is_medium_quality else _LOW] += 1
    return counts


def _bases(row: SampleRow) -> dict[str, int]:
    counts = {"binned": row.binned_bp, "unbinned": row.total_bp - row.binned_bp}
    return counts if row.short_bp is None else {**counts, "short": row.short_bp}


def _summary(row: SampleRow) -> dict[str, float]:
    """Percent with two decimals; what is not known is left out."""
    values: dict[str, float] = {"n_bins": len(row.bins)}
    if all(one.completeness is not None for one in row.bins):
        values["n_high_quality"] = sum(one.is_high_quality for one in row.bins)
    if row.total_bp:
        values["binned"] = round(100 * row.binned_bp / row.total_bp, 2)
    if row.n_with_depth is not None and row.n_contigs:
        values["with_depth"] = round(100 * row.n_with_depth / row.n_contigs, 2)
    return values
