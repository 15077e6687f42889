"""Snakemake wrapper of `dnabert-s bin`: contigs, and BAM files or a depth table, to a folder of bins."""

import shlex

from snakemake.shell import shell

files = snakemake.input  # noqa: F821  Snakemake puts this object into the script
words = [str(files.contigs)]
for option in ("bam", "depth"):
    given = files.get(option, [])
    for path in [given] if isinstance(given, str) else given:
        words += [f"--{option}", str(path)]
words += ["--output", str(snakemake.output.bins), "--threads", str(snakemake.threads), "--force"]  # noqa: F821
extra = snakemake.params.get("extra", "")  # noqa: F821
log = snakemake.log_fmt_shell(stdout=True, stderr=True)  # noqa: F821
command = shlex.join(words)
shell("dnabert-s bin {command} {extra} {log}")
