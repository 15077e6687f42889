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
MODEL = "kmer-s"  # comes with the package: nothing is downloaded without being asked for
MODEL_VARIABLE = "DNABERT_S_MODEL"  # environment variable that overrides MODEL
REFERENCE_MODEL: Final = "kmer-s"  # whose vectors the built-in references are of
NO_DOWNLOAD_MODEL = "kmer-s"  # what to name to a user who cannot download

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
MIN_CONTIG_BP = 1_000
CORE_CONTIG_BP = 1_500  # shorter contigs join bins in the end, and do not help to make them
SEPARATOR = ":"  # between sample and contig in the names of a catalogue; VAMB calls it so, too
MIN_BIN_BP = 200_000  # as MetaBAT2 and SemiBin2
MIN_BIN_CONTIGS = 1  # a genome may be one contig: what counts is the size in bases
BIN_METHOD: Final = "louvain"
GRAPH_NEIGHBOURS = 25  # per contig in the graph of `bin`; more reach over the edge of a genome of few contigs
HALF_PAIRS = 2_000  # contigs embedded in halves, to see how alike one species is
LEAST_HALF_PAIRS = 10  # fewer say nothing about how a genome scatters
MIN_HALF_BP = 750  # shortest half that says anything

# --- depth of contigs: what jgi_summarize_bam_contig_depths does by default ------------------------
MIN_IDENTITY = 97.0  # per cent, of a read with the contig
END_BP = 75  # left out at both ends of a contig, where reads hang over and are lost
MIN_MAPQ = 0
READS: Final = "auto"  # auto, short, long: from which identity reads count

# --- bins against a gold standard ----------------------------------------------------------------
RECOVERED_COMPLETENESS: Final = "50,70,90"  # percent; AMBER's levels
RECOVERED_CONTAMINATION: Final = "10,5"  # percent; AMBER's levels

# --- classification ------------------------------------------------------------------------------
MAX_FPR = 0.05  # share of sequences of unlabelled species that may pass the threshold
CLASSIFY_NEIGHBOURS = 5  # labelled neighbours that vote (knn)
REFERENCE_PIECE_BP = 10_000  # references are cut into pieces of about this length: the paper's
PIECES_PER_LABEL = 50  # at most; more change little and cost memory
CROPS_PER_LABEL = 40  # of each of the lengths below, to calibrate with
CROP_LENGTHS_BP = (150, 250, 400, 650, 1_000, 1_700, 3_000, 5_000)  # a read is within a third of one of them
MIN_REFERENCE_BP = 100  # shorter ones say nothing

# --- pairs of genome pieces ----------------------------------------------------------------------
PIECE_BP = 10_000  # length of the paper's training sequences
PAIRS_PER_GENOME = 200  # the paper's bacteria and fungi give 150 to 200 each
PIECE_ROUNDS = 1  # how often each genome is cut
MAX_N_SHARE = 0.05  # pieces with a larger share of N are left out
VAL_FRACTION = 0.05  # of the genomes, where a validation file is asked for

# --- simulated sets --------------------------------------------------------------------------------
ALL_SPECIES = 0  # as many as give enough fragments
CLUSTERING_FRAGMENTS = 50  # of each species
BINNING_FRAGMENTS = 50  # median over species
BINNING_SPREAD = 1.0  # of the logarithms of their numbers: a tenth of the species have 3.6 times the median
BINNING_LEAST = 10  # fragments of a species; upstream drops smaller ones
EQUAL_SPREAD = 0.0
CONTIG_MEDIAN_BP = 3_000
CONTIG_SPREAD = 1.2  # N50 some four times the median
CONTIG_LEAST_BP = 1_000
ASSEMBLED_SHARE = 0.9  # of each record
SAMPLES = 5
MEAN_DEPTH = 10.0  # of a sample, averaged over genomes
ABUNDANCE_SPREAD = 1.0  # of the logarithms of genomes' depths
DEPTH_NOISE = 0.1  # relative, of a contig of 1 kb, beyond that of counting reads
READ_BP = 150

# --- views of a training pair --------------------------------------------------------------------
VIEWS: Final = "same_species"
LENGTH_LAW: Final = "uniform"
SUBSTITUTION_RATE = 0.05  # per base: as far as genomes of one species differ (95 % identity)
INDEL_RATE = 0.005  # events per base, half of them deletions
MEAN_INDEL_BP = 3.0
LOADER_WORKERS = 2  # threads that read pairs and make views ahead of the training step

# --- training --------------------------------------------------------------------------------------
EPOCHS = 3  # the paper's: 1 of phase I, 2 of phase II
MAX_STEPS = 0  # 0: as many as the epochs have
BATCH_PAIRS = 48  # of all processes together; the paper's number
CHUNK_PAIRS = 0  # pairs of a process encoded at a time; 0: all at once
ACCUMULATE = 1  # batches whose gradients are averaged into one step
MAX_TOKENS = 2_000  # longest sequence in training: the paper's 10 kb
OBJECTIVE: Final = "weighted-simclr"
TEMPERATURE = 0.05  # upstream's number
CURRICULUM: Final = "1/3"  # share of the steps that are phase I; the paper's
MIX_LAYER: Final = "random"  # drawn for each step, as in the paper
PROJECTED_DIM = 128  # of the head, 0 for no head; upstream's number
OPTIMISER: Final = "adam"  # the paper's
ENCODER_LR = 3e-6  # upstream's number
HEAD_LR_FACTOR = 100.0  # upstream's number
WEIGHT_DECAY = 0.0
WARMUP_STEPS = 0
LR_SCHEDULE: Final = "constant"  # the paper's
CLIP_NORM = 0.0  # greatest length of the gradient; 0: not clipped
VOCAB_SIZE = 4_096  # tokens of a new tokenizer, as DNABERT-2's
TOKENIZER_SAMPLE_BP = 5_000_000  # of the training pairs, from which a new tokenizer learns
EVAL_EVERY = 500  # steps
SAVE_EVERY = 500  # steps
SAVE_TOTAL_LIMIT = 2  # folders step-N, in addition to best/ and last/
LOG_EVERY = 50  # steps between lines of the log that a person reads
PATIENCE = 0  # evaluations without a better one before training stops; 0: never
VAL_PAIRS = 4_800  # of the validation file, at most: 100 of the paper's batches
EVAL_SEEDS = 3  # k-means runs that the validation ARI is the mean of
PROCESSES = 1

# --- evaluate clustering, classification, binning --------------------------------------------------
EVALUATED_MODELS = "tnf,tnf-k,tnf-c,kmer-s"
PAPER_MODELS: Final = (  # what `paper` in a list of models stands for: the paper's table but for its contrastive arms
    "tnf",
    "tnf-k",
    "tnf-vae",
    "dna2vec",
    "hyenadna=hf:LongSafari/hyenadna-medium-450k-seqlen-hf",
    "nt-v2=hf:InstaDeepAI/nucleotide-transformer-v2-100m-multi-species",
    "dnabert-2",
    "dnabert-s",
)
PROTOCOL: Final = "sound"
EVALUATED_BP = 20_000  # where sequences are cut; upstream's number
EVALUATED_SYNTHETIC_BP = 10_000  # the same for upstream's folder `reference`
PROTOCOL_SEEDS = 5  # upstream's number
SHOTS = "1,2,5,10,20"  # upstream's numbers
TESTS_PER_SPECIES = 80  # upstream's number
EVALUATED_MIN_BP = 2_500  # binning; upstream's number
EVALUATED_MIN_SEQUENCES = 10  # of a species, binning; upstream's number
THRESHOLD_PERCENT = 70  # of similarities to the species' mean; upstream's number
VAE_EPOCHS = 300  # VAMB's since version 4; 500 in its paper
WORD_K = 4  # k-mers of dna2vec; the paper's
