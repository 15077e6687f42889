"""From a checkpoint of `dnabert-s train` to the model that is used: the network alone, its matrices in half precision.

python finish.py RUN/last MODEL
"""

from __future__ import annotations

import argparse
from pathlib import Path

from dnabert_s_cli.encoders.kmer.folder import load_kmer_network, save_kmer_model


def main() -> None:
    """Read and write."""
    parser = argparse.ArgumentParser(description=__doc__, formatter_class=argparse.RawDescriptionHelpFormatter)
    parser.add_argument("checkpoint", type=Path)
    parser.add_argument("model", type=Path)
    arguments = parser.parse_args()
    save_kmer_model(arguments.model, load_kmer_network(arguments.checkpoint))


if __name__ == "__main__":
    main()
