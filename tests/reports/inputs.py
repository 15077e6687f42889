"""Contents of reports for tests: small, seeded, with names that are hard to show."""

from __future__ import annotations

import numpy as np

from dnabert_s_cli.io.bins.stats import BinStats, summarise_bins
from dnabert_s_cli.reports.columns import MapContigs
from dnabert_s_cli.reports.report import ReportContent, RunFacts

EVIL = "<img src=x onerror=alert(1)></script><script>alert(2)</script>&amp;"


def some_contigs(n: int = 200, *, n_bins: int = 3, samples: tuple[str, ...] = ("a.bam", "b.bam")) -> MapContigs:
    """Contigs around the middles of their bins; every fourth is in none; the first has an evil name."""
    rng = np.random.default_rng(5)
    group = np.arange(n) % (n_bins + 1)
    names = [EVIL if row == 0 else f"contig_{row}" for row in range(n)]
    return MapContigs(
        names=names,
        lengths_bp=rng.integers(1_500, 80_000, n),
        bins=group,
        xy=(3 * rng.normal(size=(n_bins + 1, 2))[group] + 0.3 * rng.normal(size=(n, 2))).astype(np.float32),
        gc=np.clip(0.35 + 0.1 * group + 0.02 * rng.normal(size=n), 0, 1),
        depth=np.exp(rng.normal(size=(n, len(samples)))) * (group[:, None] + 1) if samples else None,
        samples=samples,
    )


def bins_of(contigs: MapContigs, *, quality: dict[int, tuple[float, float]] | None = None) -> list[BinStats]:
    """What the bins of these contigs add up to."""
    return summarise_bins(contigs.bins, contigs.lengths_bp, gc=contigs.gc, depth=contigs.depth, quality=quality)


def some_content(
    contigs: MapContigs | None = None, *, quality: dict[int, tuple[float, float]] | None = None, title: str = "Sample 1"
) -> ReportContent:
    """A report on these contigs."""
    contigs = some_contigs() if contigs is None else contigs
    run = RunFacts(
        argv=["dnabert-s", "bin", "my contigs.fa", "-o", "out"],
        version="1.2.3",
        started_utc="2026-01-02T03:04:05Z",
        model="tnf-c",
        fingerprint="abc123",
        inputs=["my contigs.fa"],
        method="kmedoid",
        min_similarity=0.98765,
        timings_s={"total": 12.34},
        peak_memory_bytes=1 << 30,
    )
    return ReportContent(title, contigs, bins_of(contigs, quality=quality), run, left_out=(7, 4_321))
