"""The model card of kmer-s: the text of card.md with what a run of run.sh has measured.

python card.py OUT      (as given to run.sh; writes OUT/kmer-s/README.md)
"""

from __future__ import annotations

import argparse
from pathlib import Path
from string import Template

from genes import load_shape
from learn import split_clades

from dnabert_s_cli.encoders.kmer.folder import load_kmer_network
from dnabert_s_cli.threads import usable_cores

NOT_MEASURED = "Not measured in this run: no DATA_DIR was given."


def main() -> None:
    """Read what the steps of the recipe left, fill in, write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("out", type=Path)
    out = parser.parse_args().out
    text = Path(__file__).with_name("card.md").read_text(encoding="utf-8")
    (out / "kmer-s" / "README.md").write_text(Template(text).substitute(facts(out)), encoding="utf-8")


def facts(out: Path) -> dict[str, object]:
    """What the card's names stand for."""
    steps, seconds, _, held_out = (out / "run" / "log.tsv").read_text(encoding="utf-8").split("\n")[-2].split("\t")
    network = load_kmer_network(out / "kmer-s")
    trained, kept = split_clades(load_shape(out)[2])
    return {
        "dim": network.dim,
        "n_parameters": f"{sum(one.numel() for one in network.parameters()):,}",
        "n_clades": f"{len(trained):,}",
        "n_held_out": f"{len(kept):,}",
        "steps": f"{int(steps):,}",
        "minutes": f"{int(seconds) / 60:.0f}",
        "machine": f"{usable_cores()} CPU cores",
        "held_out": f"{float(held_out):.3f}",
        "evaluation": measured(out / "clustering" / "results.md", out / "classification" / "results.md"),
        "reliability": measured(out / "reliability.md"),
    }


def measured(*tables: Path) -> str:
    """The text of files, if the evaluations were run."""
    return "\n\n".join(path.read_text(encoding="utf-8").strip() for path in tables if path.is_file()) or NOT_MEASURED


if __name__ == "__main__":
    main()
