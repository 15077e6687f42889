"""Options that take several files behind one flag, as shells expand `-b *.bam`.

Words of a command line -> each further file behind such an option gets the flag of its own that the parser wants. What
belongs to the option and what is an argument is decided by the end of its name.
"""

from __future__ import annotations

_PACKED = (".gz", ".bz2", ".xz", ".zst")
_ALIGNMENTS = (".bam", ".cram")
_TABLES = (".tsv", ".txt", ".tab", ".csv", ".depth")
_SEQUENCES = (".fa", ".fasta", ".fna", ".fas")
# command -> flags of each option, and the ends of names of the files that it takes
_SEVERAL = {
    "bin": ((("-b", "--bam"), _ALIGNMENTS), (("-d", "--depth"), _TABLES)),
    "refine": ((("-b", "--bam"), _ALIGNMENTS), (("-d", "--depth"), _TABLES), (("--contigs",), _SEQUENCES)),
    "evaluate bins": ((("--contigs",), _SEQUENCES),),
}


def spread_files(words: list[str], command: str) -> list[str]:
    """`-b a.bam b.bam c.fa` as `-b a.bam -b b.bam c.fa`."""
    spread: list[str] = []
    taken: tuple[str, tuple[str, ...]] | None = None  # the flag whose files may follow, and how their names end
    options = _SEVERAL.get(command, ())
    for place, word in enumerate(words):
        if word == "--":
            return [*spread, *words[place:]]
        if word.startswith("-") and word != "-":
            taken = _option_of(word, options)
        elif taken is not None and spread[-1] != taken[0]:
            if _file_ends(word).endswith(taken[1]):
                spread.append(taken[0])
            else:
                taken = None
        spread.append(word)
    return spread


def _option_of(
    word: str, options: tuple[tuple[tuple[str, ...], tuple[str, ...]], ...]
) -> tuple[str, tuple[str, ...]] | None:
    """The flag that the word is or begins with, and the ends of names of its files."""
    for flags, ends in options:
        for flag in flags:
            is_short = not flag.startswith("--") and word.startswith(flag) and not word.startswith("--")
            if word == flag or word.startswith(f"{flag}=") or is_short:
                return flag, ends
    return None


def _file_ends(word: str) -> str:
    """A name in lower case, without the suffix of a compression."""
    name = word.lower()
    for suffix in _PACKED:
        name = name.removesuffix(suffix)
    return name
