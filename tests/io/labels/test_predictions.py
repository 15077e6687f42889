from __future__ import annotations

import csv
import io

from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.io.labels.predictions import Classification, ClassificationTable, TaxVambTable
from dnabert_s_cli.io.labels.taxonomy import parse_label

ECOLI = parse_label("d__Bacteria;s__Escherichia coli", path="", record="")
ROWS = [
    Classification("a", 150, ECOLI, 0.91234, 0.5, (0.99, 0.91234)),
    Classification("b", 90, (), 0.2, 0.1, ()),
]


def table_of(rows: list[Classification]) -> str:
    stream = io.StringIO()
    ClassificationTable(stream).append(rows)
    return stream.getvalue()


def taxvamb_of(rows: list[Classification]) -> str:
    stream = io.StringIO()
    TaxVambTable(stream).append(rows)
    return stream.getvalue()


def test_each_sequence_has_a_line() -> None:
    assert table_of(ROWS) == (
        "status\tid\tlabel\tlength\tscore\tmargin\n"
        "C\ta\td__Bacteria;s__Escherichia coli\t150\t0.9123\t0.5000\n"
        "U\tb\tunclassified\t90\t0.2000\t0.1000\n"
    )


def test_taxvamb_gets_the_classified_ones_with_a_score_for_each_rank() -> None:
    assert taxvamb_of(ROWS) == "contigs\tpredictions\tscores\na\tBacteria;Escherichia coli\t0.9900;0.9123\n"


def test_no_sequence_leaves_the_headers() -> None:
    assert [len(text.splitlines()) for text in (table_of([]), taxvamb_of([]))] == [1, 1]


@given(st.lists(st.tuples(st.booleans(), st.integers(1, 10**6), st.floats(0, 1), st.floats(0, 1)), max_size=9))
def test_rows_are_read_back(values: list[tuple[bool, int, float, float]]) -> None:
    rows = [
        Classification(f"r{number}", length, ECOLI if given else (), score, margin, (score, score) if given else ())
        for number, (given, length, score, margin) in enumerate(values)
    ]
    read = list(csv.DictReader(io.StringIO(table_of(rows)), delimiter="\t"))
    assert [(one["id"], one["status"] == "C", int(one["length"])) for one in read] == [
        (row.id, bool(row.lineage), row.length_bp) for row in rows
    ]
    assert all(abs(float(one["score"]) - row.score) < 1e-4 for one, row in zip(read, rows, strict=True))
    assert all(abs(float(one["margin"]) - row.margin) < 1e-4 for one, row in zip(read, rows, strict=True))
    scores = list(csv.DictReader(io.StringIO(taxvamb_of(rows)), delimiter="\t"))
    assert [one["contigs"] for one in scores] == [row.id for row in rows if row.lineage]
    assert all(len(one["predictions"].split(";")) == len(one["scores"].split(";")) for one in scores)
