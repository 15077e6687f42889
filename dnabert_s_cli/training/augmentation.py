"""Two views of one pair, the positives of contrastive learning.

pair -> two sequences by the kind of view -> each cropped to a random length -> each perhaps turned to its other
strand. Everything random comes from the generator that is handed in.
"""

from __future__ import annotations

from dataclasses import dataclass
from typing import Literal, get_args

import numpy as np
import numpy.typing as npt

from .. import defaults
from ..dna import reverse_complement
from ..errors import DnabertSError
from ..io.pairs.rows import Pair

ViewKind = Literal["same_species", "dropout", "double_strand", "mutate"]
LengthLaw = Literal["uniform", "log_uniform"]
_Letters = npt.NDArray[np.uint8]

_BASES = np.frombuffer(b"ACGT", np.uint8)
_NO_BASE = 255
_CODES = np.full(256, _NO_BASE, np.uint8)  # letter -> place in _BASES
_CODES[_BASES] = np.arange(4)


@dataclass(frozen=True, slots=True)
class ViewSpec:
    """How two views are made of a pair.

    Args:
        kind: same_species: both sequences of the pair; dropout: the first sequence twice, so that only the model's
            dropout differs; double_strand: the first sequence and its reverse complement; mutate: the first
            sequence, and the same with substitutions and indels.
        min_bp: shortest crop; None for `max_bp`, so that all crops have one length.
        max_bp: longest crop; None for no cropping. Each view gets a length and a place of its own; a sequence that is
            not as long stays whole.
        length_law: how lengths are drawn between both; log_uniform: as many from 1 to 2 kb as from 2 to 4 kb.
        random_strand: turn each view to its reverse complement with probability 1/2.
        substitution_rate: share of A, C, G and T that `mutate` changes to another base.
        indel_rate: insertions and deletions per base, equally many of both.
        mean_indel_bp: their mean length; lengths are geometric.

    Raises:
        DnabertSError: values that contradict each other.
    """

    kind: ViewKind = defaults.VIEWS
    min_bp: int | None = None
    max_bp: int | None = None
    length_law: LengthLaw = defaults.LENGTH_LAW
    random_strand: bool = False
    substitution_rate: float = defaults.SUBSTITUTION_RATE
    indel_rate: float = defaults.INDEL_RATE
    mean_indel_bp: float = defaults.MEAN_INDEL_BP

    def __post_init__(self) -> None:
        for value, known in ((self.kind, ViewKind), (self.length_law, LengthLaw)):
            if value not in get_args(known):
                raise DnabertSError(f"'{value}' is not one of {', '.join(get_args(known))}")
        if self.max_bp is None and self.min_bp is not None:
            raise DnabertSError(f"views of at least {self.min_bp} bp need a maximum length, too")
        if self.max_bp is not None and not 1 <= self.shortest_bp <= self.max_bp:
            raise DnabertSError(f"views of {self.shortest_bp} to {self.max_bp} bp: the first must be 1 to the second")
        if not (0 <= self.substitution_rate <= 1 and 0 <= self.indel_rate <= 1):
            raise DnabertSError(f"rates are 0 to 1, not {self.substitution_rate:g} and {self.indel_rate:g}")
        if self.mean_indel_bp < 1:
            raise DnabertSError(f"indels have a mean length of 1 or more, not {self.mean_indel_bp:g}")

    @property
    def shortest_bp(self) -> int:
        """Least length of a crop; 0 without cropping."""
        return (self.max_bp or 0) if self.min_bp is None else self.min_bp


def make_views(pair: Pair, spec: ViewSpec, rng: np.random.Generator) -> tuple[str, str]:  # noqa: PLR0917  rng last, as numpy has it
    """Two views of a pair, at least one base long each; the same for the same state of `rng`."""
    second = _second(pair, spec, rng=rng)
    return _placed(pair.first, spec, rng=rng), _placed(second, spec, rng=rng)


def mutated(sequence: str, spec: ViewSpec, *, rng: np.random.Generator) -> str:
    """`sequence` with substitutions and indels at the rates of `spec`; other letters than A, C, G, T stay."""
    letters = np.frombuffer(sequence.encode("ascii"), np.uint8)
    substituted = _substituted(letters, spec.substitution_rate, rng=rng)
    n_indels = int(rng.binomial(len(letters), spec.indel_rate))
    n_deletions = int(rng.binomial(n_indels, 0.5))
    longer = _inserted(substituted, _indel_lengths(n_indels - n_deletions, spec, rng=rng), rng=rng)
    changed = _deleted(longer, _indel_lengths(n_deletions, spec, rng=rng), rng=rng)
    return (changed if len(changed) else substituted).tobytes().decode("ascii")


def _second(pair: Pair, spec: ViewSpec, *, rng: np.random.Generator) -> str:
    if spec.kind == "same_species":
        return pair.second
    if spec.kind == "dropout":
        return pair.first
    if spec.kind == "double_strand":
        return reverse_complement(pair.first)
    return mutated(pair.first, spec, rng=rng)


def _placed(sequence: str, spec: ViewSpec, *, rng: np.random.Generator) -> str:
    """Crop and strand."""
    if spec.max_bp is not None:
        length = min(_drawn_length(spec, rng=rng), len(sequence))
        start = int(rng.integers(0, len(sequence) - length + 1))
        sequence = sequence[start : start + length]
    if spec.random_strand and rng.random() < 0.5:
        return reverse_complement(sequence)
    return sequence


def _drawn_length(spec: ViewSpec, *, rng: np.random.Generator) -> int:
    shortest, longest = spec.shortest_bp, spec.max_bp or 0
    if spec.length_law == "uniform":
        return int(rng.integers(shortest, longest + 1))
    drawn = np.exp(rng.uniform(np.log(shortest), np.log(longest + 1)))
    return min(int(drawn), longest)


def _substituted(letters: _Letters, rate: float, *, rng: np.random.Generator) -> _Letters:
    """Each base changed with probability `rate`, to one of the other three alike."""
    codes = _CODES[letters]
    places = np.flatnonzero((rng.random(len(letters), np.float32) < rate) & (codes != _NO_BASE))
    changed: _Letters = letters.copy()
    changed[places] = _BASES[(codes[places] + rng.integers(1, 4, len(places), np.uint8)) % 4]
    return changed


def _indel_lengths(n: int, spec: ViewSpec, *, rng: np.random.Generator) -> npt.NDArray[np.int64]:
    lengths: npt.NDArray[np.int64] = rng.geometric(1 / spec.mean_indel_bp, n)
    return lengths


def _inserted(letters: _Letters, lengths: npt.NDArray[np.int64], *, rng: np.random.Generator) -> _Letters:
    """Random bases of these lengths, before random letters or at the end."""
    places = np.repeat(rng.integers(0, len(letters) + 1, len(lengths)), lengths)
    longer: _Letters = np.insert(letters, places, _BASES[rng.integers(0, 4, len(places))])
    return longer


def _deleted(letters: _Letters, lengths: npt.NDArray[np.int64], *, rng: np.random.Generator) -> _Letters:
    """Without stretches of these lengths that begin at random letters; what reaches past the end is cut."""
    starts = rng.integers(0, max(len(letters), 1), len(lengths))
    depth = np.zeros(len(letters) + 1, np.int32)
    np.add.at(depth, starts, 1)
    np.subtract.at(depth, np.minimum(starts + lengths, len(letters)), 1)
    shorter: _Letters = letters[np.cumsum(depth[:-1]) == 0]
    return shorter
