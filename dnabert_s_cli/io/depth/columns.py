"""Tell what a table of depths is by its first line: who made it, and what its columns hold.

First line -> columns of the contig's name, its length, and mean and variance of each sample. What is no sample (length,
total, GC) is known by its name wherever it stands; a table of something else is refused by name.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import DnabertSError
from ...untrusted import utf8_name
from ..text_tables import is_id_column, plain_name

_VARIANCE_SUFFIX = "-var"
_COVERM_NAME = "Contig"
_COVERM_MEANS = (" Mean", " Trimmed Mean")  # in order of preference
_COVERM_VARIANCE, _COVERM_LENGTH = " Variance", " Length"
_COVERM_OTHERS = (" RPKM", " TPM", " Read Count", " Reads per base", " Covered Bases", " Covered Fraction")
_OTHER_FORMATS = ("@", ">", "#")  # what SAM, FASTQ, FASTA and others begin with
_LENGTH_NAMES = frozenset(("length", "len", "contiglen", "contiglength", "lengthbp", "size", "contigsize"))
_PASSED_OVER = frozenset(  # of contigs, but of no sample
    (
        *("totalavgdepth", "totaldepth", "total", "sum", "avgdepth", "averagedepth", "meandepth", "totalmean"),
        *("gc", "gccontent", "gcpercent", "percentgc", "gcskew", "gcratio", "refgc", "gcfraction"),
    )
)
_OTHER_MEASURES = frozenset(  # columns of tables of other programs: counts, shares, scaled values
    (
        *("tpm", "rpkm", "fpkm", "cpm", "numreads", "nreads", "readcount", "reads", "estcounts", "counts", "count"),
        *("effectivelength", "efflength", "covbases", "coveredbases", "coveredfraction", "coveredpercent", "bases"),
        *("plusreads", "minusreads", "startpos", "endpos", "start", "end", "meanbaseq", "meanmapq", "mapped"),
        *("relativeabundance", "abundance", "unmapped", "taxid", "taxonomy", "min", "max"),
    )
)
_OTHER_ROWS = {  # first columns of tables whose rows are no contigs
    **dict.fromkeys(("genome", "mag", "bin", "binid", "cluster"), "genomes or bins"),
    **dict.fromkeys(("species", "taxon", "taxid", "taxonomy", "clade", "cladename"), "taxa"),
    **dict.fromkeys(("chrom", "chromosome", "chr"), "chromosomes and their totals"),
    **dict.fromkeys(("sample", "sampleid", "samplename"), "samples"),
    **dict.fromkeys(("gene", "geneid", "orf", "proteinid"), "genes"),
}
SUMMARY_ROWS = frozenset(("unmapped", "total", "*"))  # names of rows that are no contigs
_SUFFIXES = re.compile(r"(?:\.(?:gz|bz2|xz|zst))?$")
_KNOWN = (
    "supported are tables of jgi_summarize_bam_contig_depths, CoverM (contig, mean), strobealign --aemb and VAMB, and "
    "any TSV with a header: a column named contig, then one of numbers for each sample"
)


@dataclass(frozen=True, slots=True)
class DepthColumns:
    """Where a table keeps what; columns count from 0, and the name of the contig stands in column 0.

    Attributes:
        length: column of the contig's length; None where there is none.
        means, variances: one column for each sample; no variances where the table has none.
        has_header: whether the first line is one.
    """

    n_columns: int
    length: int | None
    samples: tuple[str, ...]
    means: tuple[int, ...]
    variances: tuple[int, ...]
    has_header: bool


def depth_columns(fields: list[str], path: str | Path, *, line: int) -> DepthColumns:
    """What the columns hold, by the first line's `fields`.

    Raises:
        DnabertSError: it begins no table that is known, or names a sample twice.
    """
    _refuse_other_rows(fields, path, line=line)
    if fields[0] == _COVERM_NAME and any(field.endswith((*_COVERM_MEANS, *_COVERM_OTHERS)) for field in fields):
        found = _coverm_columns(fields, path, line=line)
    elif (
        len(fields) >= 2
        and fields[0][:1] not in _OTHER_FORMATS
        and (is_id_column(fields[0]) or not any(map(_is_number, fields[1:])))
    ):
        found = _plain_columns(fields, path, line=line)
    elif len(fields) == 2 and _is_number(fields[1]):
        found = DepthColumns(2, None, (sample_name(path),), (1,), (), has_header=False)
    else:
        shown = "\t".join(fields)[:60].encode("unicode_escape").decode()
        raise DnabertSError(f"not a table of depths: '{shown}'", path=path, line=line, hint=_KNOWN)
    _check_samples(found.samples, path, line=line)
    return found


def sample_name(path: str | Path) -> str:
    """The name of a file without its compression's suffix and one more; of standard input, stdin."""
    return "stdin" if str(path) == "-" else utf8_name(Path(_SUFFIXES.sub("", Path(path).name)).stem)


def _refuse_other_rows(fields: list[str], path: str | Path, *, line: int) -> None:
    """Raise `DnabertSError` for a table whose first column says that its rows are no contigs."""
    what = _OTHER_ROWS.get(plain_name(fields[0]))
    if what is not None and len(fields) > 1 and not any(map(_is_number, fields[1:])):
        hint = "give depths of contigs, such as those of `coverm contig --methods mean` or `dnabert-s depth`"
        problem = f"is a table of {what}: its first column is '{fields[0]}'"
        raise DnabertSError(problem, path=path, line=line, hint=hint)


def _coverm_columns(fields: list[str], path: str | Path, *, line: int) -> DepthColumns:
    """`s1 Mean s1 Variance s2 Mean ...`, among columns of other methods."""
    suffix = next((one for one in _COVERM_MEANS if any(_is_mean(field, one) for field in fields)), None)
    if suffix is None:
        hint = "run CoverM with --methods mean, or mean variance, or metabat"
        raise DnabertSError("has no mean column", path=path, line=line, hint=hint)
    means = tuple(column for column, field in enumerate(fields) if _is_mean(field, suffix))
    samples = tuple(fields[column].removesuffix(suffix) for column in means)
    variances = tuple(fields.index(name) for sample in samples if (name := sample + _COVERM_VARIANCE) in fields)
    lengths = [column for column, field in enumerate(fields) if field.endswith(_COVERM_LENGTH)]
    if len(variances) < len(means):
        variances = ()
    return DepthColumns(len(fields), lengths[0] if lengths else None, samples, means, variances, True)


def _is_mean(field: str, suffix: str) -> bool:
    return field.endswith(suffix) and (suffix != _COVERM_MEANS[0] or not field.endswith(_COVERM_MEANS[1]))


def _plain_columns(fields: list[str], path: str | Path, *, line: int) -> DepthColumns:
    """jgi_summarize_bam_contig_depths' `s1 s1-var s2 s2-var` after length and total, VAMB's `s1 s2`, and the like."""
    names = [plain_name(field.replace("%", "percent")) for field in fields]
    other = [field for field, name in zip(fields[1:], names[1:], strict=True) if name in _OTHER_MEASURES]
    if other:
        hint = "keep the columns of the contig's name and of mean depths, one for each sample"
        raise DnabertSError(f"the column '{other[0]}' is no depth of a sample", path=path, line=line, hint=hint)
    lengths = [column for column in range(1, len(fields)) if names[column] in _LENGTH_NAMES]
    if len(lengths) > 1:
        problem = f"both '{fields[lengths[0]]}' and '{fields[lengths[1]]}' are columns of lengths"
        raise DnabertSError(problem, path=path, line=line, hint="keep one of them")
    kept = [column for column in range(1, len(fields)) if column not in lengths and names[column] not in _PASSED_OVER]
    column_of = {fields[column]: column for column in kept}
    means = tuple(column for column in kept if not fields[column].endswith(_VARIANCE_SUFFIX))
    wanted = [fields[column] + _VARIANCE_SUFFIX for column in means]
    odd = [fields[column] for column in kept if column not in means and fields[column] not in wanted]
    some = [name for name in wanted if name in column_of]
    if odd or (some and len(some) < len(wanted)):
        problem = f"the column '{(odd or some)[0]}' is of no sample here, or other samples have no such column"
        raise DnabertSError(problem, path=path, line=line)
    variances = tuple(column_of[name] for name in some)
    samples = tuple(fields[column] for column in means)
    return DepthColumns(len(fields), lengths[0] if lengths else None, samples, means, variances, True)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _check_samples(samples: tuple[str, ...], path: str | Path, *, line: int) -> None:
    if not samples:
        raise DnabertSError("has no sample column", path=path, line=line, hint=_KNOWN)
    for index, sample in enumerate(samples):
        if not sample:
            raise DnabertSError("a column has no name", path=path, line=line, hint="name each sample in the header")
        if sample in samples[:index]:
            problem = f"two samples are named '{sample}'"
            raise DnabertSError(problem, path=path, line=line, hint="rename one of the columns")
