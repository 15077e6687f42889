"""What a table is by its first line."""

from __future__ import annotations

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.depth.columns import DepthColumns, depth_columns, sample_name


def _columns(line: str, path: str = "x.tsv") -> DepthColumns:
    return depth_columns(line.split("\t"), path, line=3)


def _problem(line: str) -> str:
    with pytest.raises(DnabertSError) as caught:
        _columns(line)
    assert (caught.value.path, caught.value.line) == ("x.tsv", 3)
    return caught.value.problem


def test_jgi_with_variances() -> None:
    found = _columns("contigName\tcontigLen\ttotalAvgDepth\ta.bam\ta.bam-var\tb.bam\tb.bam-var")
    assert found == DepthColumns(7, 1, ("a.bam", "b.bam"), (3, 5), (4, 6), True)


def test_jgi_without_variances() -> None:
    found = _columns("contigName\tcontigLen\ttotalAvgDepth\ta.bam\tb.bam")
    assert found == DepthColumns(5, 1, ("a.bam", "b.bam"), (3, 4), (), True)


def test_jgi_with_a_variance_of_another_sample_is_an_error() -> None:
    assert "'b.bam-var'" in _problem("contigName\tcontigLen\ttotalAvgDepth\ta.bam\tb.bam-var")


def test_jgi_without_samples_is_an_error() -> None:
    assert _problem("contigName\tcontigLen\ttotalAvgDepth") == "has no sample column"


def test_coverm_with_one_method() -> None:
    assert _columns("Contig\ta Mean\tb c Mean") == DepthColumns(3, None, ("a", "b c"), (1, 2), (), True)


def test_coverm_with_several_methods() -> None:
    found = _columns(
        "Contig\ta Mean\ta Trimmed Mean\ta Variance\ta Length\tb Mean\tb Trimmed Mean\tb Variance\tb Length"
    )
    assert found == DepthColumns(9, 4, ("a", "b"), (1, 5), (3, 7), True)


def test_coverm_with_trimmed_means_only() -> None:
    assert _columns("Contig\ta Trimmed Mean\ta Covered Fraction").means == (1,)


def test_coverm_without_means_is_an_error() -> None:
    assert _problem("Contig\ta RPKM\tb RPKM") == "has no mean column"


def test_vamb() -> None:
    assert _columns("contigname\ta\tb") == DepthColumns(3, None, ("a", "b"), (1, 2), (), True)


def test_plain_header_with_lengths_and_samples_named_by_numbers() -> None:
    assert _columns("id\tlength\t1\t2") == DepthColumns(4, 1, ("1", "2"), (2, 3), (), True)


def test_strobealign_has_no_header() -> None:
    assert _columns("contig_1\t3.5", "a/s1.tsv.gz") == DepthColumns(2, None, ("s1",), (1,), (), False)


@pytest.mark.parametrize(
    "line", ["c1\t1\t2", "ACGT", ">c1\tx", "@HD\tVN:1.6\tSO:coordinate", "a,b,c", "\x00\x01\t\x02\t1"]
)
def test_anything_else_is_an_error(line: str) -> None:
    assert _problem(line).startswith("not a table of depths: '")


def test_a_sample_named_twice_is_an_error() -> None:
    assert _problem("contig\ta\tb\ta") == "two samples are named 'a'"


def test_a_sample_without_a_name_is_an_error() -> None:
    assert _problem("contig\ta\t") == "a column has no name"


@pytest.mark.parametrize(
    ("path", "name"), [("d/s1.tsv", "s1"), ("s1.aemb.txt.zst", "s1.aemb"), ("s1", "s1"), ("-", "stdin")]
)
def test_a_file_names_its_sample(path: str, name: str) -> None:
    assert sample_name(path) == name


@pytest.mark.parametrize(
    ("line", "length", "means", "variances"),
    [
        ("contig\tgc\tlength\ts1", 2, (3,), ()),
        ("contig\ts1\tlength\tGC%\ts2", 2, (1, 4), ()),
        ("contigName\ts1\ts1-var\tcontigLen\ttotalAvgDepth", 3, (1,), (2,)),
        ("contigname\ts2\ttotal\ts1", None, (1, 3), ()),
        ("contigName\tcontigLen\tgc_content\ttotalAvgDepth\ta\ta-var\tb\tb-var", 1, (4, 6), (5, 7)),
    ],
)
def test_what_is_no_sample_is_known_wherever_it_stands(
    line: str, length: int | None, means: tuple[int, ...], variances: tuple[int, ...]
) -> None:
    found = _columns(line)
    assert (found.length, found.means, found.variances) == (length, means, variances)
    assert found.samples == tuple(line.split("\t")[column] for column in means)


@pytest.mark.parametrize(
    ("line", "word"),
    [
        ("Genome\ts1 Mean", "genomes"),
        ("bin\ts1\ts2", "bins"),
        ("chrom\tlength\tbases\tmean\tmin\tmax", "chromosomes"),
        ("Species\ts1", "taxa"),
        ("Name\tLength\tEffectiveLength\tTPM\tNumReads", "'EffectiveLength'"),
        ("contig\tlength\tRPKM", "'RPKM'"),
        ("contig\tlength\tlen\ts1", "'length' and 'len'"),
    ],
)
def test_tables_of_something_else_are_refused_by_name(line: str, word: str) -> None:
    assert word in _problem(line)
