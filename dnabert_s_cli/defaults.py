"""Every number that a user can change, with its unit and its source.

Commands, pipelines and the Python API all read their defaults here, so that each number stands once.
This module imports nothing heavy: `--help` reads it.
"""

from __future__ import annotations

from typing import Final

# --- every command -------------------------------------------------------------------------------
SEED = 0
THREADS = 0  # 0: all cores this process may use
DEVICE = "auto"  # auto, cpu, cuda, cuda:N, mps
DTYPE: Final = "auto"  # auto: bfloat16 where the hardware computes in it, else float32

# --- models --------------------------------------------------------------------------------------
MODEL = "dnabert-s"
MODEL_VARIABLE = "DNABERT_S_MODEL"  # environment variable that overrides MODEL
NO_DOWNLOAD_MODEL = "tnf-c"  # what to name to a user who cannot download

# --- embedding -----------------------------------------------------------------------------------
WINDOW_BP = 20_000  # longest piece a transformer sees whole: upstream's evaluation length
OVERLAP_BP = 0  # bases shared by neighbouring windows of one long sequence
STRAND: Final = "forward"  # forward, or both: the mean with the reverse complement
MIN_LENGTH_BP = 0
CHUNK_RECORDS = 8_192  # records sorted by length together, and the unit of --resume
CHUNK_BP = 4_000_000  # the same, in bases: whichever comes first
BATCH_TOKENS = 0  # 0: from the device's memory

# --- clustering ----------------------------------------------------------------------------------
CLUSTER_METHOD: Final = "kmedoid"
KMEDOID_ROUNDS = 3  # refinements of each centre; upstream's number
MAX_CLUSTERS = 1_000  # seeds tried before k-medoid stops; upstream's number
MIN_CLUSTER_SIZE = 10  # members; smaller clusters are dropped; upstream's number
NEIGHBOURS = 60  # per vector in the graph under HDBSCAN; with 30 some data differ from HDBSCAN on all pairs

# --- binning -------------------------------------------------------------------------------------
MIN_CONTIG_BP = 1_500
MIN_BIN_BP = 200_000  # as MetaBAT2 and SemiBin2
MIN_BIN_CONTIGS = 1  # a genome may be one contig: what counts is the size in bases
HALF_PAIRS = 1_000  # contigs embedded in halves, to see how alike one species is
MIN_HALF_BP = 750  # shortest half that says anything
