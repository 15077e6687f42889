"""Put the built-in reference together: clades, their vectors and k-mers, and what was found out about how sure it is.

python make_reference.py clades.tsv parts.npz calibration.json kmer-s.npz --model kmer-s
"""

from __future__ import annotations

import argparse
import json
from collections import Counter
from collections.abc import Mapping
from pathlib import Path

import numpy as np
from parts import Parts, load_parts, read_clades

from dnabert_s_cli import load_encoder
from dnabert_s_cli.analysis.classification.naming import Calibration
from dnabert_s_cli.pipelines.classify.reference_store import (
    BINS,
    RANKS,
    SEQUENCES,
    VECTORS,
    StoredReferences,
    save_references,
)

MOST_BYTES = 4_000_000
SOURCE = "markers.fasta of Debian's metaphlan2-data 2.6.0 (MIT); names by NCBI's taxonomy in taxoniq 1.0.3 (2024-09)"
_WORDS = {"D": "domain", "P": "phylum", "C": "class", "O": "order", "F": "family", "G": "genus", "S": "species"}


def main() -> None:
    """Gather, write, and say what is in it."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("clades", type=Path)
    parser.add_argument("parts", type=Path, help="what parts.py kept for this model")
    parser.add_argument("calibration", type=Path, help="what calibrate.py wrote for this model")
    parser.add_argument("output", type=Path)
    parser.add_argument("--model", default="kmer-s")
    arguments = parser.parse_args()
    found = json.loads(arguments.calibration.read_text(encoding="utf-8"))
    facts = load_encoder(arguments.model).describe()
    if found["model"]["fingerprint"] != facts["fingerprint"]:
        raise SystemExit(f"{arguments.calibration}: is of another model; run calibrate.py for this one")
    parts = load_parts(arguments.parts, read_clades(arguments.clades))
    stored = StoredReferences(
        parts.references(np.ones(len(parts.clades), bool)),
        parts.tree,
        [one.organism for one in parts.clades],
        {kind: [calibration_of(one) for one in found[kind]] for kind in (SEQUENCES, VECTORS, BINS)},
        facts,
        {"source": SOURCE},
    )
    save_references(arguments.output, stored)
    n_bytes = arguments.output.stat().st_size
    if n_bytes > MOST_BYTES:
        raise SystemExit(f"{arguments.output}: {n_bytes:,} bytes, more than {MOST_BYTES:,}")
    print(f"{arguments.output}: {n_bytes:,} bytes; {counts_text(parts)}")


def calibration_of(found: Mapping[str, object]) -> Calibration:
    """What calibrate.py found for one length."""
    thresholds = [np.inf if one is None else float(one) for one in found["thresholds"]]
    return Calibration(float(found["length_bp"]), np.array(found["coefficients"]), np.array(thresholds))


def counts_text(parts: Parts) -> str:
    """How many taxa of each rank, and how many clades there are."""
    counts = Counter(taxon.rank for taxon in parts.tree.taxa)
    taxa = ", ".join(f"{counts[rank]:,} {_WORDS[rank]}" for rank in RANKS)
    n_background = sum(one.is_background for one in parts.clades)
    return f"{len(parts.clades) - n_background:,} clades ({taxa}), {n_background:,} of viruses and eukaryotes"


if __name__ == "__main__":
    main()
