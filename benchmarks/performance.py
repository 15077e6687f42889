"""The page on performance in docs/, made from what the benchmarks printed.

Prints the tables; with --write, puts them between two marks in docs/performance.md and README.md. A test compares both.

    python benchmarks/performance.py [--write]
"""

from __future__ import annotations

import argparse
import csv
import sys
from collections.abc import Iterator, Sequence
from pathlib import Path
from statistics import fmean
from typing import Any

_HERE = Path(__file__).resolve().parent
sys.path.insert(0, str(_HERE))  # the tests import this as benchmarks.performance

from performance_rows import decimals, measured, other_rows, result, slashed, table  # noqa: E402

PAGE = _HERE.parent / "docs" / "performance.md"
README = _HERE.parent / "README.md"
BEGIN = "<!-- made by benchmarks/performance.py: begin -->"
END = "<!-- made by benchmarks/performance.py: end -->"
_SETS = ("clustering_0", "clustering_1", "clustering_2")
_MODELS = ("kmer-s", "tnf-c", "tnf")
_ACROSS = (("no depth", "no depth"), ("one sample", "1 sample"), ("five samples", "5 samples"))

Row = Sequence[str]

_TRANSFORMER = """\
The transformer of 117M parameters, random weights, on 2 cores and in bfloat16 unless said otherwise; ratios are to
upstream's way of running it in the same run (padded batches, attention written out, float32):"""
_PROFILE = """\
Where its time goes at 2,000 tokens on one thread, from FASTA to .npy: in upstream's way; by PyTorch's fused attention;
by products with a decay, as it is now. Parts are measured separately, so they need not add up:"""
_SPECIES = """\
Separation of species, by the paper's protocols, in three sets of 50 species that are not in the training data (the
settings of `kmer-s` were chosen while looking at these sets); all systems: `benchmarks/results/evaluate_dev.md`:"""
_BINNING = """\
Binning of a simulated assembly of 24 genomes, contigs of 1.5 kb and more, bins of 200 kb and more: genomes at 90 %
completeness and 95 % purity / at 50 % and 90 % / mean F1 of the 24, with one default setting throughout; processor time
and memory with one sample. SemiBin2 and VAMB were measured before:"""


_WHOLE = """\
The whole of `bin` on simulated assemblies of mutated real DNA, 200 contigs of 2 kb and more a genome, with depth in 10
samples, on a busy machine; with `--no-markers` unless said otherwise:"""


def main() -> None:
    """Print the section, or write it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("--write", action="store_true", help="put them into docs/performance.md and README.md")
    if not parser.parse_args().write:
        print(section())
        return
    for path, made in ((PAGE, section()), (README, short_table())):
        before, after = (path.read_text(encoding="utf-8").split(mark)[side] for mark, side in ((BEGIN, 0), (END, 1)))
        path.write_text(f"{before}{BEGIN}\n\n{made}\n\n{END}{after}", encoding="utf-8")


def section() -> str:
    """All tables, in Markdown."""
    facts = ("What", "Figure", "Measured")
    parts = [
        _TRANSFORMER,
        table(facts, transformer_rows()),
        _PROFILE,
        profile_table(),
        "k-mer models, clustering and files:",
        table(facts, other_rows()),
        _SPECIES,
        table(("What", *(f"`{model}`" for model in _MODELS)), species_rows()),
        _BINNING,
        table(("Binner", *(name for name, _ in _ACROSS), "time", "memory"), binning_rows()),
        _WHOLE,
        table(("Contigs", "Bases", "Processor time", "Largest parts", "Memory", "Genomes at 90 / 95"), whole_rows()),
        "From vectors to clusters, synthetic contigs with the noise of `kmer-s`, graph of 40 neighbours:",
        table(("Contigs x 256", "Neighbours", "Time", "Memory", "ARI"), scale_rows()),
    ]
    return "\n\n".join(parts)


def short_table() -> str:
    """The table of README.md: binners measured in one run, in Markdown."""
    columns = ("Binner", *(name for name, _ in _ACROSS), "CPU time")
    return table(columns, [row[:-1] for row in binning_rows() if row[-1]])


def transformer_rows() -> Iterator[Row]:
    """Rates of the 117M-parameter encoder."""
    mix, even, long = result("embed_cpu"), result("embed_cpu_2000"), result("long_sequences")
    ratio = mix["ratio_to_upstream"]
    yield (
        f"{mix['n_sequences']} sequences of 0.5 to 12 kb",
        f"{ratio['ours_auto']:.1f} x; in float32 {ratio['ours_float32']:.1f} x",
        measured(mix),
    )
    ratio, share = even["ratio_to_upstream"], even["share_of_product_rate"]
    yield (
        "sequences of 2,000 tokens",
        f"{ratio['ours_auto']:.1f} x; in float32 {ratio['ours_float32']:.1f} x",
        measured(even),
    )
    yield (
        "the same, share of the rate of matrix products alone, all keys looked at; by PyTorch's fused attention",
        f"{share['ours_all_keys']:.0%}; {share['ours_plain']:.0%}",
        measured(even),
    )
    yield (
        "one sequence of 1 kb / 5 kb / 20 kb / 100 kb / 1 Mb in windows of 20 kb, tokens a second of one thread",
        slashed(f"{rate:,}" for rate in long["tokens_per_cpu_s_by_length"].values()),
        measured(long),
    )
    yield (
        "100 kb in windows of 2 / 5 / 10 / 20 / 50 / 100 kb, tokens a second of one thread",
        slashed(f"{rate:,}" for rate in long["tokens_per_cpu_s_of_100_kb_by_window"].values()),
        measured(long),
    )


def profile_table() -> str:
    """Shares of the parts, way by way."""
    ways = result("profile_cpu")["ways"]
    parts = [name for name in ways["decayed"] if name not in ("tokens_per_cpu_s", "product_gflops")]
    rows = [(part, *(f"{100 * found[part]:.2g} %" for found in ways.values())) for part in parts]
    rows.append(("tokens a second", *(f"{found['tokens_per_cpu_s']:,}" for found in ways.values())))
    return table(("Part", "upstream's way", "fused", "with a decay"), rows)


def species_rows() -> Iterator[Row]:
    """Clustering and few-shot classification by the paper's protocols, and `classify`."""
    with (_HERE / "results" / "evaluate_dev" / "results.tsv").open(encoding="utf-8") as file:
        scores = {
            (row["model"], row["set"], row["metric"]): float(row["mean"])
            for row in csv.DictReader(file, delimiter="\t")
            if row["protocol"] == "paper" and row["mean"]
        }
    per_set = [slashed(decimals(scores[model, one, "ari"], 3) for one in _SETS) for model in _MODELS]
    yield ("K-means ARI, fragments of 10 kb / 2.5 to 20 kb / 2.5 kb", *per_set)
    shots = (1, 2, 5, 10, 20)
    metrics = [f"macro_f1_{n}_shot" for n in shots]
    means = [[fmean(scores[model, one, metric] for one in _SETS) for metric in metrics] for model in _MODELS]
    yield (
        f"macro F1 at {slashed(map(str, shots))} shots",
        *(slashed(decimals(value, 3) for value in row) for row in means),
    )
    measured_by = (result("classify_accuracy_kmer_s"), result("classify_accuracy"))
    for what, key, is_rest in (
        ("`classify`, 10 shots, 10 kb or whole / 1 kb / 150 bp: best label right", "accuracy", False),
        ("the same, half of the species unlabelled: theirs that get a label (5 % asked)", "rejected_unlabelled", True),
        ("the same: the others' that get none", "rejected_labelled", False),
        ("the same: wrong among all with a label", "wrong_of_accepted", False),
        ("the same: wrong among those of labelled species", "wrong_of_accepted_labelled", False),
    ):
        cells = [slashed(decimals(value, 3) for value in by_length(one, key, is_rest=is_rest)) for one in measured_by]
        yield (what, *cells, "")


def by_length(accuracy: dict[str, Any], key: str, *, is_rest: bool) -> list[float]:
    """Means over the sets, longest sequences first; what is left to 1 with `is_rest`."""
    tables = accuracy["tables"].values()
    means = [fmean(one["by_length_bp"][length][key] for one in tables) for length in ("10000", "1000", "150")]
    return [1 - mean for mean in means] if is_rest else means


def binning_rows() -> Iterator[Row]:
    """Genomes found, by binner and number of samples."""
    rows = result("bin_assembly_dev")["rows"]
    for name, before, after in (
        ("`dnabert-s bin`", "louvain, ", ", markers"),
        ("`dnabert-s bin --no-markers`", "louvain, ", ", no markers"),
        ("MetaBAT2 2.15, same run", "MetaBAT2, ", ""),
    ):
        found = [rows[f"{before}{key}{after}"] for _, key in _ACROSS]
        cells = [
            f"{one['complete_90_pure_95']} / {one['complete_50_pure_90']} / {decimals(one['mean_f1'], 3)}"
            for one in found
        ]
        yield (name, *cells, f"{found[1]['cpu_seconds']:.0f} s", f"{found[1]['peak_mb'] / 1000:.1f} GB")
    yield ("SemiBin2 2.6", "", "10 / 23 / .896", "", "", "")
    yield ("VAMB 5", "", "6 / 13 / .626", "24 / 24 / .983", "", "")


def scale_rows() -> Iterator[Row]:
    """From vectors to clusters."""
    for run in result("bin_scale")["runs"]:
        way = "exact" if run["exact"] else "approximate"
        yield (
            f"{run['contigs']:,}",
            way,
            f"{run['seconds']:.3g} s",
            f"{run['peak_mb'] / 1000:.1f} GB",
            decimals(run["ari"], 3),
        )


def whole_rows() -> Iterator[Row]:
    """From FASTA and depth to bins, by number of contigs."""
    for run in result("bin_million")["runs"]:
        largest = sorted(run["stages"], key=lambda stage: -stage["cpu_seconds"])[:3]
        parts = ", ".join(f"{stage['name']} {stage['cpu_seconds']:.0f} s" for stage in largest)
        yield (
            f"{run['contigs']:,}{', with marker genes' if run['markers'] else ''}",
            f"{run['bp'] / 1e6:,.0f} Mbp",
            f"{run['cpu_seconds']:.0f} s",
            parts,
            f"{run['peak_mb'] / 1000:.1f} GB",
            f"{run['genomes_90_95']:,} of {run['genomes']:,}",
        )


if __name__ == "__main__":
    main()
