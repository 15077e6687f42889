"""`report.html`: what a run of `bin` found, on one page that needs no network.

Contigs with their places on a map, bins with what is known of them, and the run's facts -> key numbers, plots, a table
and the facts -> one HTML file.
"""

from __future__ import annotations

import shlex
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np

from ..io.bins.stats import BinStats
from .columns import MapContigs, page_columns
from .html import definitions, escaped, part, tile, write_page

_PROGRAM = "dnabert-s"
_MANY_INPUTS = 12
_TOTAL = "total"
_LEAST_SHOWN_S = 0.05  # what took less would be shown as 0.0 s


@dataclass(frozen=True, slots=True)
class RunFacts:
    """How the bins were made; what is "" or None is left out of the page."""

    argv: Sequence[str] = ()
    program: str = _PROGRAM
    version: str = ""
    started_utc: str = ""
    model: str = ""
    fingerprint: str = ""
    seed: int = 0
    inputs: Sequence[str] = ()
    method: str = ""
    min_similarity: float | None = None
    min_contig_bp: int | None = None
    min_bin_bp: int | None = None
    timings_s: Mapping[str, float] = field(default_factory=dict)
    peak_memory_bytes: int | None = None


@dataclass(frozen=True, slots=True, eq=False)
class ReportContent:
    """All that the page shows.

    Attributes:
        title: such as the name of the sample.
        bins: in the order of the table, usually by number.
        left_out: contigs too short to be looked at, and their bases; they are in no other number.
        more_facts: further lines of the run's facts.
    """

    title: str
    contigs: MapContigs
    bins: Sequence[BinStats]
    run: RunFacts
    left_out: tuple[int, int] = (0, 0)
    more_facts: Sequence[tuple[str, str]] = ()


def write_report(path: str | Path, content: ReportContent) -> None:
    """Write the page, whole or not at all: one file, the same bytes for the same content."""
    run = content.run
    many_samples = len(content.contigs.samples) > 1
    slots = {
        "title": escaped(content.title),
        "program": escaped(f"{run.program} {run.version}".strip()),
        "subtitle": escaped(_subtitle(content)),
        "tiles": "".join(_tiles(content)),
        "search": part("search", record="contig"),
        "samples": part("samples") if many_samples else "",
        "map": part("map", record="contig", noun="bin"),
        "table": part("table", noun="bin"),
        "facts": definitions((*_facts(run), *((term, escaped(text)) for term, text in content.more_facts))),
    }
    data = page_columns(content.contigs, content.bins, noun="bin", prefix="bin.", record="contig", seed=run.seed)
    write_page(path, "report", slots=slots, data=data)


def run_facts(run: Mapping[str, object]) -> RunFacts:
    """The page's facts out of what `describe_run` says, that is, the content of run.json."""
    encoder, settings = _mapping(run.get("encoder")), _mapping(run.get("settings"))
    clustering, timings = _mapping(settings.get("clustering")), _mapping(run.get("timings_s"))
    argv, inputs = run.get("argv"), run.get("inputs")
    return RunFacts(
        argv=_command(argv) if isinstance(argv, Sequence) else (),
        program=str(run.get("program", _PROGRAM)),
        version=str(run.get("version", "")),
        started_utc=str(run.get("started_utc", "")),
        model=str(encoder.get("model", "")),
        fingerprint=str(encoder.get("fingerprint", "")),
        seed=_whole(run.get("seed")) or 0,
        inputs=[str(_mapping(one).get("path", one)) for one in inputs] if isinstance(inputs, Sequence) else (),
        method=str(clustering.get("method", "")),
        min_similarity=_number(clustering.get("min_similarity")),
        min_contig_bp=_whole(settings.get("min_contig_bp")),
        min_bin_bp=_whole(settings.get("min_bin_bp")),
        timings_s={name: seconds for name, value in timings.items() if (seconds := _number(value)) is not None},
        peak_memory_bytes=_whole(run.get("peak_memory_bytes")),
    )


def base_pairs(n_bp: int) -> str:
    """A length for reading: 950 bp, 12.5 kbp, 3.14 Mbp."""
    for unit, name, digits in ((10**9, "Gbp", 2), (10**6, "Mbp", 2), (10**3, "kbp", 1)):
        if n_bp >= unit:
            return f"{n_bp / unit:.{digits}f} {name}"
    return f"{n_bp} bp"


def _command(argv: Sequence[object]) -> list[str]:
    """The command as a user types it: the program's file becomes its name."""
    return [_PROGRAM, *(str(word) for word in argv[1:])] if argv else []


def _mapping(value: object) -> Mapping[str, object]:
    return value if isinstance(value, Mapping) else {}


def _number(value: object) -> float | None:
    return float(value) if isinstance(value, int | float) else None


def _whole(value: object) -> int | None:
    return int(value) if isinstance(value, int | float) else None


def _subtitle(content: ReportContent) -> str:
    run = content.run
    names = [Path(name).name for name in run.inputs]
    shown = ", ".join(names[:2]) + (f" and {len(names) - 2} more" if len(names) > 2 else "")
    parts = (shown, f"model {run.model}" if run.model else "", run.started_utc.partition("T")[0])
    return " · ".join(one for one in parts if one)


def _tiles(content: ReportContent) -> list[str]:
    contigs, bins = content.contigs, content.bins
    total_bp = int(np.sum(contigs.lengths_bp, dtype=np.int64))
    binned_bp = int(np.sum(contigs.lengths_bp[contigs.bins > 0], dtype=np.int64))
    known = [one for one in bins if one.completeness is not None and one.contamination is not None]
    n_short, short_bp = content.left_out
    short = f"{n_short:,} shorter skipped ({base_pairs(short_bp)})" if n_short else base_pairs(total_bp)
    of_all = f"{base_pairs(binned_bp)} of {base_pairs(total_bp)}"
    tiles = [
        tile("Bins", f"{len(bins):,}", aside=f"{base_pairs(binned_bp)} in them"),
        tile("Bases binned", f"{100 * binned_bp / total_bp:.1f} %" if total_bp else "none", aside=of_all),
    ]
    if known:
        n_high = sum(one.is_high_quality for one in known)
        n_medium = sum(one.is_medium_quality for one in known)
        tiles.append(tile("High quality", f"{n_high:,}", aside=f"{n_medium:,} more of medium quality"))
    elif bins:
        largest = max(bins, key=lambda one: one.total_bp)
        tiles.append(tile("Largest bin", base_pairs(largest.total_bp), aside=f"bin.{largest.number}"))
    return [*tiles, tile("Contigs", f"{len(contigs.names):,}", aside=short)]


def _shown_timings(timings_s: Mapping[str, float]) -> list[tuple[str, float]]:
    """Stages in the order in which they ran, without those that took no time, and the total last."""
    stages = [(name, seconds) for name, seconds in timings_s.items() if name != _TOTAL and seconds >= _LEAST_SHOWN_S]
    return [*stages, (_TOTAL, timings_s[_TOTAL])] if _TOTAL in timings_s else stages


def _facts(run: RunFacts) -> list[tuple[str, str]]:
    """Terms and markup."""
    inputs = [escaped(name) for name in run.inputs[:_MANY_INPUTS]]
    if len(run.inputs) > _MANY_INPUTS:
        inputs.append(f"and {len(run.inputs) - _MANY_INPUTS:,} more")
    timings = ", ".join(f"{name} {seconds:.1f} s" for name, seconds in _shown_timings(run.timings_s))
    memory = f"{run.peak_memory_bytes / 2**30:.2f} GiB" if run.peak_memory_bytes else ""
    threshold = f", similarity {run.min_similarity:.4f}" if run.min_similarity is not None else ""
    limits = (
        f"contigs from {run.min_contig_bp:,} bp" if run.min_contig_bp is not None else "",
        f"bins from {run.min_bin_bp:,} bp" if run.min_bin_bp is not None else "",
    )
    command = f"<code>{escaped(shlex.join(run.argv))}</code>" if run.argv else ""
    facts = [
        ("Command", command),
        ("Program", escaped(f"{run.program} {run.version}".strip())),
        ("Started", escaped(run.started_utc.replace("T", " ").replace("Z", " UTC"))),
        ("Inputs", "<br>".join(inputs)),
        ("Model", escaped(run.model)),
        ("Fingerprint", f"<code>{escaped(run.fingerprint)}</code>" if run.fingerprint else ""),
        ("Clustering", escaped(run.method + threshold)),
        ("Limits", ", ".join(limit for limit in limits if limit)),
        ("Seed", str(run.seed)),
        ("Time", escaped(timings)),
        ("Peak memory", memory),
    ]
    return [(term, meaning) for term, meaning in facts if meaning]
