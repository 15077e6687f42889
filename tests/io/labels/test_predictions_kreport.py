"""The report, field by field: https://github.com/DerrickWood/kraken2/blob/master/docs/MANUAL.markdown."""

from __future__ import annotations

import io
import re

from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.io.labels.predictions import write_kreport
from dnabert_s_cli.io.labels.taxonomy import Lineage, Taxon

BACTERIA = Taxon("D", "Bacteria", 2)
GENUS = Taxon("G", "Escherichia", 561)
ECOLI = Taxon("S", "Escherichia coli", 562)
VIBRIO = Taxon("G", "Vibrio", 662)
LINE = re.compile(r"(?P<percent> {0,2}\d{1,3}\.\d\d)\t(\d+)\t(\d+)\t([URDKPCOFGS]\d*)\t(\d+)\t( *)(\S.*)")
# What MultiQC finds a report by, in its first lines.
MULTIQC = re.compile(
    r"^\s{0,2}(\d{1,3}\.\d{1,2})\t(\d+)\t(\d+)\t((\d+)\t(\d+)\t)?([URDKPCOFGS-]\d{0,2})\t(\d+)(\s+)[root|unclassified]"
)
LINEAGES = st.sampled_from([(BACTERIA,), (BACTERIA, GENUS), (BACTERIA, GENUS, ECOLI), (BACTERIA, VIBRIO), (VIBRIO,)])


def report(counts: dict[Lineage, int], n_unclassified: int) -> str:
    stream = io.StringIO()
    write_kreport(stream, counts, n_unclassified=n_unclassified)
    return stream.getvalue()


def test_the_whole_report_is_as_kraken_writes_it() -> None:
    counts = {(BACTERIA, GENUS, ECOLI): 5, (BACTERIA, GENUS): 1, (BACTERIA, VIBRIO): 10}
    assert report(counts, 4) == (
        " 20.00\t4\t4\tU\t0\tunclassified\n"
        " 80.00\t16\t0\tR\t1\troot\n"
        " 80.00\t16\t0\tD\t2\t  Bacteria\n"
        " 50.00\t10\t10\tG\t662\t    Vibrio\n"
        " 30.00\t6\t1\tG\t561\t    Escherichia\n"
        " 25.00\t5\t5\tS\t562\t      Escherichia coli\n"
    )


def test_nothing_classified_leaves_one_line() -> None:
    assert report({}, 3) == "100.00\t3\t3\tU\t0\tunclassified\n"


def test_everything_classified_begins_at_the_root() -> None:
    assert report({(ECOLI,): 1}, 0).startswith("100.00\t1\t0\tR\t1\troot\n")


def test_no_sequence_at_all_gives_an_empty_report() -> None:
    assert report({}, 0) == ""


@given(st.dictionaries(LINEAGES, st.integers(1, 10**6)), st.integers(1, 10**6))
def test_counts_are_read_back_from_the_report(counts: dict[Lineage, int], n_unclassified: int) -> None:
    found: dict[Lineage, int] = {}
    place: list[Taxon] = []
    for text in report(counts, n_unclassified).splitlines()[1:]:
        match = LINE.fullmatch(text)
        assert match is not None
        depth = len(match[6]) // 2
        place[depth:] = [Taxon(match[4], match[7], int(match[5]))]
        if int(match[3]):
            found[tuple(place[1:])] = int(match[3])
    assert found == counts


@given(st.dictionaries(LINEAGES, st.integers(1, 100), min_size=1), st.integers(0, 100))
def test_a_clade_holds_what_ends_in_it_and_below(counts: dict[Lineage, int], n_unclassified: int) -> None:
    lines = [LINE.fullmatch(text) for text in report(counts, n_unclassified).splitlines()]
    direct = [int(line[3]) for line in lines if line and line[4] != "U"]
    root = next(line for line in lines if line and line[4] == "R")
    assert int(root[2]) == sum(direct) == sum(counts.values())


def test_multiqc_knows_it_by_its_first_line() -> None:
    assert MULTIQC.search(report({(BACTERIA,): 1}, 1).splitlines()[0])
