"""The examples that end the help of each command: what is typed most often, in lines that fit a terminal.

They are kept in one place so that a test can hold all of them against the commands and options that exist.
"""

from __future__ import annotations

PROGRAM_EXAMPLES = (
    "dnabert-s bin contigs.fa --bam sample1.bam sample2.bam -o bins_out",
    "dnabert-s classify contigs.fa -o names.tsv",
    "dnabert-s embed contigs.fa -o emb.npy",
)
EXAMPLES: dict[str, tuple[str, ...]] = {
    "embed": (
        "dnabert-s embed contigs.fa.gz -o emb.npy",
        "zcat reads.fq.gz | dnabert-s embed - -o emb.npy",
        "dnabert-s embed contigs.fa --model dnabert-s --gpus 8 -o emb.npy",
    ),
    "merge": (
        "dnabert-s merge shard0.npy shard1.npy -o emb.npy",
        "dnabert-s merge shards/*.npy -o emb.parquet",
    ),
    "cluster": (
        "dnabert-s cluster contigs.fa -o clusters.tsv",
        "dnabert-s cluster --embeddings emb.npy --method kmeans -k auto -o clusters.tsv",
        "dnabert-s cluster contigs.fa --labels truth.tsv --plot map.html -o clusters.tsv",
    ),
    "bin": (
        "dnabert-s bin contigs.fa -b sample1.bam sample2.bam -o bins_out",
        "dnabert-s bin catalogue.fa.gz -b *.bam --separator : -o bins_out",
        "dnabert-s bin contigs.fa -b sample1.bam -o bins_out --resume",
    ),
    "refine": (
        "dnabert-s refine bins_out semibin.tsv metabat_bins --contigs contigs.fa -o refined",
        "dnabert-s refine ours=bins_out vamb=clusters.tsv --contigs contigs.fa -b *.bam -o refined",
    ),
    "catalogue": (
        "dnabert-s catalogue S1=asm1.fa S2=asm2.fa.gz -o catalogue.fa.gz",
        "dnabert-s catalogue assemblies.tsv --min-length 1000 -o catalogue.fa.gz",
    ),
    "depth": (
        "dnabert-s depth sample1.bam sample2.bam -o depth.tsv",
        "dnabert-s depth sample1.cram --reference contigs.fa -o depth.tsv",
        "dnabert-s depth coverm.tsv -o depth.tsv",
    ),
    "classify": (
        "dnabert-s classify fit references.fa --labels labels.tsv -o species.clf",
        "dnabert-s classify reads.fq.gz --classifier species.clf -o labels.tsv",
    ),
    "classify run": (
        "dnabert-s classify contigs.fa -o names.tsv --kreport names.kreport",
        "dnabert-s classify reads.fq.gz --classifier species.clf -o labels.tsv",
        "dnabert-s classify contigs.fa -c species.clf --kreport report.txt -o labels.tsv",
    ),
    "classify fit": (
        "dnabert-s classify fit references.fa --labels labels.tsv -o species.clf",
        "dnabert-s classify fit references.fa --taxonomy taxdump/ --labels taxids.tsv -o taxa.clf",
    ),
    "train": (
        "dnabert-s train --train pairs.csv.gz --init kmer_network.json -o runs/small",
        "dnabert-s train --train pairs.csv --val val.csv --base dnabert-2 --gpus 8 -o runs/a",
        "dnabert-s train --train pairs.csv --base dnabert-2 -o runs/a --resume",
    ),
    "pairs": (
        "dnabert-s pairs genomes/ -o pairs.csv.gz --val val.csv.gz",
        "dnabert-s pairs contigs.fa --labels species.tsv --length 2000 -o pairs.csv.gz",
    ),
    "models": (
        "dnabert-s models list",
        "dnabert-s models pull dnabert-s",
    ),
    "models list": (
        "dnabert-s models list",
        "dnabert-s models list > models.tsv",
    ),
    "models pull": (
        "dnabert-s models pull dnabert-s",
        "dnabert-s models pull zhihan1996/DNABERT-2-117M",
    ),
    "models info": (
        "dnabert-s models info",
        "dnabert-s models info runs/small/best",
    ),
    "evaluate": (
        "dnabert-s evaluate bins bins_out --labels gold.tsv",
        "dnabert-s evaluate clustering set.tsv --models kmer-s,tnf-c",
    ),
    "evaluate clustering": (
        "dnabert-s evaluate clustering set.tsv --models kmer-s,tnf-c",
        "dnabert-s evaluate clustering contigs.fa --labels truth.tsv -o results",
    ),
    "evaluate classification": (
        "dnabert-s evaluate classification set.tsv --shots 1,5",
        "dnabert-s evaluate classification contigs.fa --labels truth.tsv -o results",
    ),
    "evaluate binning": (
        "dnabert-s evaluate binning set.tsv --models kmer-s,tnf-c",
        "dnabert-s evaluate binning contigs.fa --labels truth.tsv --protocol both -o results",
    ),
    "evaluate all": (
        "dnabert-s evaluate all --data-dir DNABERT-S_eval -o results",
        "dnabert-s evaluate all --data-dir DNABERT-S_eval --models paper --protocol paper -o table",
    ),
    "evaluate bins": (
        "dnabert-s evaluate bins bins_out --labels gold.biobox.tsv",
        "dnabert-s evaluate bins a b --names mine,other --labels gold.tsv --contigs contigs.fa",
    ),
    "simulate": (
        "dnabert-s simulate clustering genomes/ -o clustering_set",
        "dnabert-s simulate metagenome genomes/ --samples 3 -o metagenome_set",
    ),
    "simulate clustering": (
        "dnabert-s simulate clustering genomes/ -o clustering_set",
        "dnabert-s simulate clustering genomes/ --species 50 --length 2500 -o short_set",
    ),
    "simulate binning": (
        "dnabert-s simulate binning genomes/ -o binning_set",
        "dnabert-s simulate binning genomes.tsv --species 200 --length 20000 -o binning_set",
    ),
    "simulate metagenome": (
        "dnabert-s simulate metagenome genomes/ -o metagenome_set",
        "dnabert-s simulate metagenome genomes/ --samples 3 --mean-depth 20 -o metagenome_set",
        "dnabert-s simulate metagenome genomes/ --per-sample-assemblies -o catalogue_set",
    ),
    "doctor": (
        "dnabert-s doctor",
        "dnabert-s doctor > machine.tsv",
    ),
}


def epilog(command: str | None = None) -> str:
    """The end of a command's help, or of the program's; a KeyError for a command without examples."""
    lines = PROGRAM_EXAMPLES if command is None else EXAMPLES[command]
    return "\n".join(["Examples:", *(f"  {line}" for line in lines)])
