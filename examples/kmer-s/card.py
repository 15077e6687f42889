"""The model card of kmer-s: the text of card.md with what a run of run.sh has measured.

python card.py OUT      (as given to run.sh; writes OUT/kmer-s/README.md)
"""

from __future__ import annotations

import argparse
import json
import shlex
from pathlib import Path
from string import Template

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
    pairs = json.loads((out / "pairs.run.json").read_text(encoding="utf-8"))["outcome"]
    run = json.loads((out / "run" / "run.json").read_text(encoding="utf-8"))
    state = json.loads((out / "run" / "last" / "training_state.json").read_text(encoding="utf-8"))["state"]
    config = json.loads((out / "run" / "last" / "train_config.json").read_text(encoding="utf-8"))
    network = load_kmer_network(out / "kmer-s")
    return {
        "dim": network.dim,
        "n_parameters": f"{sum(one.numel() for one in network.parameters()):,}",
        **{name: f"{pairs[name]:,}" for name in ("n_genomes", "n_pairs", "n_val_genomes")},
        "percent_clean": f"{100 * float(config['objective']['curriculum']):.0f}",
        "steps": f"{state['step']:,}",
        "minutes": f"{state['seconds'] / 60:.0f}",
        "machine": f"{usable_cores()} CPU cores",
        "val_loss": f"{state['metrics']['val_loss']:.3f}",
        "command": command(run["argv"]),
        "evaluation": evaluation(out) or NOT_MEASURED,
    }


def command(argv: list[str]) -> str:
    """The command of a run with the names of files alone."""
    return shlex.join(["dnabert-s", *(Path(one).name if "/" in one else one for one in argv[1:])])


def evaluation(out: Path) -> str:
    """The tables of the evaluations, if they were run."""
    tables = [out / name / "results.md" for name in ("clustering", "classification")]
    return "\n\n".join(path.read_text(encoding="utf-8").strip() for path in tables if path.is_file())


if __name__ == "__main__":
    main()
