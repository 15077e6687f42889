from __future__ import annotations

from pathlib import Path

import pytest
from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.labels.taxonomy import RANKS, Lineage, Taxon, label_text, parse_label, read_taxonomy

ECOLI = "d__Bacteria;p__Pseudomonadota;g__Escherichia;s__Escherichia coli"
NAMES = st.text("abc XYZ-_.", min_size=1, max_size=8).map(str.strip).filter(lambda name: name and "__" not in name)
NODES = "1\t|\t1\t|\tno rank\t|\n2\t|\t1\t|\tdomain\t|\n561\t|\t2\t|\tgenus\t|\n7\t|\t561\t|\tno rank\t|\n"
NODES += "562\t|\t7\t|\tspecies\t|\n83333\t|\t562\t|\tstrain\t|\n"
NCBI_NAMES = {1: "root", 2: "Bacteria", 561: "Escherichia", 7: "group", 562: "Escherichia coli", 83333: "K-12"}


def parse(text: str) -> Lineage:
    return parse_label(text, path="l.tsv", record="c1")


@pytest.fixture
def ncbi(tmp_path: Path) -> Path:
    (tmp_path / "nodes.dmp").write_text(NODES)
    lines = [f"{taxid}\t|\t{name}\t|\t\t|\tscientific name\t|\n" for taxid, name in NCBI_NAMES.items()]
    (tmp_path / "names.dmp").write_text("".join(["562\t|\tBacillus coli\t|\t\t|\tsynonym\t|\n", *lines]))
    return tmp_path


def test_prefixes_become_ranks() -> None:
    assert [(taxon.rank, taxon.name) for taxon in parse(ECOLI)] == [
        ("D", "Bacteria"),
        ("P", "Pseudomonadota"),
        ("G", "Escherichia"),
        ("S", "Escherichia coli"),
    ]


def test_ranks_without_a_name_are_left_out() -> None:
    assert [taxon.rank for taxon in parse("d__Bacteria; p__; g__X; s__")] == ["D", "G"]


def test_names_without_prefixes_are_ranks_by_position() -> None:
    assert [taxon.rank for taxon in parse("Bacteria;Bacillota;Bacilli")] == ["D", "P", "C"]


def test_one_name_is_a_species_as_it_stands() -> None:
    assert label_text(parse("s__Escherichia coli")) == "s__Escherichia coli"
    assert parse("E. coli")[0].rank == "S"


def test_digits_are_their_own_number() -> None:
    assert parse("562") == (Taxon("S", "562", 562),)


def test_own_numbers_depend_on_the_place_and_fit_31_bits() -> None:
    first, second = parse("d__A;g__X")[1], parse("d__B;g__X")[1]
    assert first.taxid != second.taxid
    assert all(1 << 30 <= taxon.taxid < 1 << 31 for taxon in (first, second))


@given(st.lists(st.tuples(st.sampled_from(RANKS), NAMES), min_size=2, max_size=8, unique_by=lambda pair: pair[0]))
def test_a_lineage_is_read_back_from_its_text(pairs: list[tuple[str, str]]) -> None:
    pairs.sort(key=lambda pair: RANKS.index(pair[0]))
    text = ";".join(f"{rank.lower()}__{name}" for rank, name in pairs)
    assert label_text(parse(text)) == text
    assert [(taxon.rank, taxon.name) for taxon in parse(text)] == pairs


@pytest.mark.parametrize("text", ["s__X;g__Y", "g__X;g__Y", "x__A;s__B", "d__A;B"])
def test_malformed_lineage_names_file_and_record(text: str) -> None:
    with pytest.raises(DnabertSError, match=f"'{text}' is not a lineage") as caught:
        parse(text)
    assert (caught.value.path, caught.value.record) == ("l.tsv", "c1")


@pytest.mark.parametrize(("text", "problem"), [("a;b;c;d;e;f;g;h", "has 8 names"), ("d__;p__", "names nothing")])
def test_too_many_names_and_none_are_errors(text: str, problem: str) -> None:
    with pytest.raises(DnabertSError, match=problem):
        parse(text)


def test_ncbi_dumps_give_the_ranked_taxa(ncbi: Path) -> None:
    found = read_taxonomy(ncbi, ["562"])["562"]
    assert [(taxon.rank, taxon.name, taxon.taxid) for taxon in found] == [
        ("D", "Bacteria", 2),
        ("G", "Escherichia", 561),
        ("S", "Escherichia coli", 562),
    ]


def test_a_strain_stands_below_its_species(ncbi: Path) -> None:
    assert read_taxonomy(ncbi, ["83333"])["83333"][-1] == Taxon("S1", "K-12", 83333)


def test_tsv_of_names_gives_the_taxid(tmp_path: Path) -> None:
    (tmp_path / "names.tsv").write_text("562\tEscherichia coli\n561\td__Bacteria;g__Escherichia\n")
    found = read_taxonomy(tmp_path / "names.tsv", ["562", "561"])
    assert found["562"] == (Taxon("S", "Escherichia coli", 562),)
    assert found["561"][-1] == Taxon("G", "Escherichia", 561)


def test_unknown_taxid_is_an_error(ncbi: Path) -> None:
    with pytest.raises(DnabertSError, match="does not know 2 of 3 labels as taxids: 9, x") as caught:
        read_taxonomy(ncbi, ["562", "9", "x"])
    assert caught.value.path == str(ncbi)


def test_damaged_dump_names_the_line(ncbi: Path) -> None:
    (ncbi / "nodes.dmp").write_text(NODES + "abc\t|\t1\t|\tgenus\t|\n")
    with pytest.raises(DnabertSError, match="a taxid is not a number") as caught:
        read_taxonomy(ncbi, ["562"])
    assert caught.value.line == 7


def test_short_line_of_a_dump_names_the_line(ncbi: Path) -> None:
    (ncbi / "names.dmp").write_text("562\t|\tx\n")
    with pytest.raises(DnabertSError, match="has 2 columns, needs 4") as caught:
        read_taxonomy(ncbi, ["562"])
    assert caught.value.line == 1


@pytest.mark.parametrize(
    ("text", "wanted"),
    [
        ("d__Bacteria|p__PA|g__Aa|s__Aa aa", "d__Bacteria;p__PA;g__Aa;s__Aa aa"),
        ("k__Bacteria|p__X|s__X x|t__SGB1", "k__Bacteria;p__X;s__X x;s1__SGB1"),
        ("superkingdom__Bacteria;phylum__P;genus__G", "d__Bacteria;p__P;g__G"),
        ("Domain__Bacteria|Genus__Y", "d__Bacteria;g__Y"),
        ("-_cellular organisms;d_Bacteria;-_group;p_PA;g_Aa;s_Aa aa", "d__Bacteria;p__PA;g__Aa;s__Aa aa"),
        ("D_0__Bacteria;D_1__P;D_5__G", "d__Bacteria;p__P;g__G"),
        ("r__root;d__B;p__X", "d__B;p__X"),
        ("root;cellular organisms;Bacteria;Bacillota", "d__Bacteria;p__Bacillota"),
        ("gi|123|ref|NC_1", "gi|123|ref|NC_1"),
        ("sample_a__bin1", "sample_a__bin1"),
    ],
)
def test_other_spellings_mean_the_same_lineage(text: str, wanted: str) -> None:
    assert label_text(parse(text)) == wanted
    assert label_text(parse(wanted)) == wanted


@pytest.mark.parametrize(
    "text", ["d__B,p__P", "d__B p__P", "d__B;p__P|c__C", "s__A|s__B", "x__A;y__B", "D_9__B;D_1__P"]
)
def test_a_lineage_in_no_known_spelling_is_refused(text: str) -> None:
    with pytest.raises(DnabertSError, match="is not a lineage"):
        parse(text)
