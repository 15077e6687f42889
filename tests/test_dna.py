"""Letters of DNA, and the other strand."""

from __future__ import annotations

from hypothesis import given
from hypothesis import strategies as st

from dnabert_s_cli.dna import reverse_complement, upper_dna

DNA = st.text(alphabet="ACGTNRYSWKMBDHV", max_size=60)


@given(DNA)
def test_reverse_complement_twice_is_the_sequence(sequence: str) -> None:
    assert reverse_complement(reverse_complement(sequence)) == sequence


def test_reverse_complement_reverses_and_keeps_ambiguity() -> None:
    assert reverse_complement("AACGRN") == "NYCGTT"


def test_upper_dna_reads_rna_and_lower_case() -> None:
    assert upper_dna("acguN") == "ACGTN"
