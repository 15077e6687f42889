"""Profiles: what the built-in ones are, how cut-offs are chosen, and what a broken file is told."""

from __future__ import annotations

import io
from pathlib import Path

import pyhmmer
import pytest

from dnabert_s_cli.analysis.markers.profiles import ARCHAEA, BACTERIA, BOTH, MarkerNote, load_profiles
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins.markers import BUILTIN_PROFILES, read_notes, read_profiles
from tests.marker_contigs import builtin_profiles

PATH = Path("mine.hmm")


def one_profile(*, n_copies: int = 1) -> bytes:
    """The first built-in profile as text, so many times."""
    text = io.BytesIO()
    for _ in range(n_copies):
        builtin_profiles().hmms[0].write(text)
    return text.getvalue()


def without(line_start: bytes) -> bytes:
    """The same without the lines that begin so."""
    return b"".join(line for line in one_profile().splitlines(keepends=True) if not line.startswith(line_start))


def nucleotide_profile() -> bytes:
    """A profile of DNA."""
    alphabet = pyhmmer.easel.Alphabet.dna()
    sequence = pyhmmer.easel.TextSequence(name=b"dna", sequence="ACGTTGCAACGT").digitize(alphabet)
    hmm, _, _ = pyhmmer.plan7.Builder(alphabet).build(sequence, pyhmmer.plan7.Background(alphabet))
    text = io.BytesIO()
    hmm.write(text)
    return text.getvalue()


def test_every_built_in_profile_has_a_note_and_every_note_a_profile() -> None:
    assert [note.name for note in read_notes()] == list(builtin_profiles().markers.names)


def test_the_accession_in_the_notes_is_that_of_the_profile() -> None:
    for note, hmm in zip(read_notes(), builtin_profiles().hmms, strict=True):
        accession = hmm.accession or ""
        assert note.accession == (accession.decode() if isinstance(accession, bytes) else accession)


def test_both_domains_have_dozens_of_markers() -> None:
    domains = builtin_profiles().markers.domains
    for domain in (BACTERIA, ARCHAEA):
        assert sum(one in (domain, BOTH) for one in domains) >= 50


def test_built_in_profiles_are_small() -> None:
    assert BUILTIN_PROFILES.stat().st_size < 3_000_000


def test_a_profile_without_a_note_is_believed_from_its_gathering_cutoff() -> None:
    profiles = load_profiles(one_profile(), path=PATH)
    assert profiles.min_scores[0] == pytest.approx(builtin_profiles().hmms[0].cutoffs.gathering[0])
    assert profiles.markers.domains == (BOTH,)
    assert profiles.markers.groups == profiles.markers.names


def test_without_gathering_cutoff_the_trusted_one_counts() -> None:
    profiles = load_profiles(without(b"GA "), path=PATH)
    assert profiles.min_scores[0] == pytest.approx(builtin_profiles().hmms[0].cutoffs.trusted[0])


def test_without_any_cutoff_the_statistics_of_the_profile_count() -> None:
    hmm_bytes = b"".join(
        line for line in one_profile().splitlines(keepends=True) if line[:3] not in (b"GA ", b"TC ", b"NC ")
    )
    assert 30 < load_profiles(hmm_bytes, path=PATH).min_scores[0] < 60


def test_a_profile_with_nothing_to_judge_by_is_named() -> None:
    starts = (b"GA ", b"TC ", b"NC ", b"STATS")
    lines = [line for line in one_profile().splitlines(keepends=True) if not line.startswith(starts)]
    with pytest.raises(DnabertSError, match="neither cut-offs") as caught:
        load_profiles(b"".join(lines), path=PATH)
    assert caught.value.record == builtin_profiles().markers.names[0]


def test_a_note_overrides_the_cutoff() -> None:
    name = builtin_profiles().markers.names[0]
    profiles = load_profiles(one_profile(), path=PATH, notes={name: MarkerNote(77.0, ARCHAEA, "operon")})
    assert profiles.min_scores[0] == 77.0
    assert profiles.markers.domains == (ARCHAEA,)
    assert profiles.markers.groups == ("operon",)


@pytest.mark.parametrize(
    ("content", "problem"),
    [
        (b"", "HMM file is empty"),
        (b">a\nMKV\n", "after 0 of them"),
        (one_profile()[:200], "ends in the middle of a profile"),
        (one_profile(n_copies=2)[:-2000], "after 1 of them"),
        (nucleotide_profile(), "not a profile of a protein"),
        (one_profile(n_copies=2), "profile 2 has the name of profile 1"),
    ],
    ids=["empty", "FASTA", "cut at the end", "cut in the second", "DNA", "same name twice"],
)
def test_a_broken_file_is_named(content: bytes, problem: str) -> None:
    with pytest.raises(DnabertSError) as caught:
        load_profiles(content, path=PATH)
    assert problem in caught.value.problem or problem in str(caught.value)
    assert caught.value.path == "mine.hmm"
    assert caught.value.hint


def test_the_built_in_file_is_hmmer3_text() -> None:
    assert read_profiles(BUILTIN_PROFILES).startswith(b"HMMER3/")
