"""Tell what a table of depths is by its first line: who made it, and what its columns hold.

First line -> columns of the contig's name, its length, and mean and variance of each sample.
"""

from __future__ import annotations

import re
from dataclasses import dataclass
from pathlib import Path

from ...errors import DnabertSError
from ..text_tables import is_id_column

_JGI = ("contigName", "contigLen", "totalAvgDepth")
_VARIANCE_SUFFIX = "-var"
_COVERM_NAME = "Contig"
_COVERM_MEANS = (" Mean", " Trimmed Mean")  # in order of preference
_COVERM_VARIANCE, _COVERM_LENGTH = " Variance", " Length"
_COVERM_OTHERS = (" RPKM", " TPM", " Read Count", " Reads per base", " Covered Bases", " Covered Fraction")
_OTHER_FORMATS = ("@", ">", "#")  # what SAM, FASTQ, FASTA and others begin with
_LENGTH_NAMES = ("length", "len", "contiglen", "contiglength", "lengthbp")
_SUFFIXES = re.compile(r"(?:\.(?:gz|bz2|xz|zst))?$")
_KNOWN = (
    "read are tables of jgi_summarize_bam_contig_depths, CoverM (contig, mean), strobealign --aemb and VAMB, and any "
    "TSV with a header: a column named contig, then one of numbers for each sample"
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
    if tuple(fields[:3]) == _JGI:
        found = _jgi_columns(fields, path, line=line)
    elif fields[0] == _COVERM_NAME and any(field.endswith((*_COVERM_MEANS, *_COVERM_OTHERS)) for field in fields):
        found = _coverm_columns(fields, path, line=line)
    elif (
        len(fields) >= 2
        and fields[0][:1] not in _OTHER_FORMATS
        and (is_id_column(fields[0]) or not any(map(_is_number, fields[1:])))
    ):
        found = _plain_columns(fields)
    elif len(fields) == 2 and _is_number(fields[1]):
        found = DepthColumns(2, None, (sample_name(path),), (1,), (), has_header=False)
    else:
        shown = "\t".join(fields)[:60].encode("unicode_escape").decode()
        raise DnabertSError(f"not a table of depths: '{shown}'", path=path, line=line, hint=_KNOWN)
    _check_samples(found.samples, path, line=line)
    return found


def sample_name(path: str | Path) -> str:
    """The name of a file without its compression's suffix and one more; of standard input, stdin."""
    return "stdin" if str(path) == "-" else Path(_SUFFIXES.sub("", Path(path).name)).stem


def _jgi_columns(fields: list[str], path: str | Path, *, line: int) -> DepthColumns:
    """`s1 s1-var s2 s2-var`, or `s1 s2` where it was run without variances."""
    samples = tuple(fields[3::2])
    if [f"{sample}{_VARIANCE_SUFFIX}" for sample in samples] == fields[4::2]:
        n_columns = len(fields)
        return DepthColumns(n_columns, 1, samples, tuple(range(3, n_columns, 2)), tuple(range(4, n_columns, 2)), True)
    odd = [field for field in fields[3:] if field.endswith(_VARIANCE_SUFFIX)]
    if odd:
        problem = f"the column '{odd[0]}' does not follow that of its sample, or others have no such column"
        raise DnabertSError(problem, path=path, line=line)
    return DepthColumns(len(fields), 1, tuple(fields[3:]), tuple(range(3, len(fields))), (), True)


def _coverm_columns(fields: list[str], path: str | Path, *, line: int) -> DepthColumns:
    """`s1 Mean s1 Variance s2 Mean ...`, among columns of other methods."""
    suffix = next((one for one in _COVERM_MEANS if any(_is_mean(field, one) for field in fields)), None)
    if suffix is None:
        hint = "run CoverM with --methods mean, or mean variance, or metabat"
        raise DnabertSError("has no column of means", path=path, line=line, hint=hint)
    means = tuple(column for column, field in enumerate(fields) if _is_mean(field, suffix))
    samples = tuple(fields[column].removesuffix(suffix) for column in means)
    variances = tuple(fields.index(name) for sample in samples if (name := sample + _COVERM_VARIANCE) in fields)
    lengths = [column for column, field in enumerate(fields) if field.endswith(_COVERM_LENGTH)]
    if len(variances) < len(means):
        variances = ()
    return DepthColumns(len(fields), lengths[0] if lengths else None, samples, means, variances, True)


def _is_mean(field: str, suffix: str) -> bool:
    return field.endswith(suffix) and (suffix != _COVERM_MEANS[0] or not field.endswith(_COVERM_MEANS[1]))


def _plain_columns(fields: list[str]) -> DepthColumns:
    """VAMB's `contigname s1 s2`, and the like, with a column of lengths or without."""
    has_length = fields[1].lower().replace("_", "") in _LENGTH_NAMES
    first = 2 if has_length else 1
    columns = tuple(range(first, len(fields)))
    return DepthColumns(len(fields), 1 if has_length else None, tuple(fields[first:]), columns, (), True)


def _is_number(field: str) -> bool:
    try:
        float(field)
    except ValueError:
        return False
    return True


def _check_samples(samples: tuple[str, ...], path: str | Path, *, line: int) -> None:
    if not samples:
        raise DnabertSError("has no column of a sample", path=path, line=line, hint=_KNOWN)
    for index, sample in enumerate(samples):
        if not sample:
            raise DnabertSError("a column has no name", path=path, line=line, hint="name each sample in the header")
        if sample in samples[:index]:
            problem = f"two samples are named '{sample}'"
            raise DnabertSError(problem, path=path, line=line, hint="rename one of the columns")
