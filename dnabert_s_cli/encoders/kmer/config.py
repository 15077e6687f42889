"""What shapes a k-mer network, and its form in config.json: parsed JSON to checked values and back.

Everything that determines a profile's columns and the network is here, so that weights fit one config only.
"""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import asdict, dataclass

from ...errors import DnabertSError
from .codon_counts import FRAME_KINDS
from .spectra import check_kmer, n_spectrum_columns, pattern_of

MODEL_TYPE = "dnabert-s-kmer"
FORMAT_VERSIONS = (1, 2)  # 2: counts in frame, or a stated uncertainty, which older releases do not know
TRANSFORMS = ("linear", "sqrt", "anscombe")
NORMS = ("none", "batch", "layer")
STRANDS = ("both", "forward")
N_LENGTH_FEATURES = 2
_MOST_WIDTH = 10_000_000
_MOST_LAYERS = 100


@dataclass(frozen=True, slots=True)
class KmerNetworkConfig:
    """Shape of profile and network.

    Args:
        kmers: each a k, or a pattern with gaps ("1101011") that reads the same from both ends.
        max_columns: a k-mer with more canonical words is hashed into this many columns; k = 7 has 8,192.
        transform: of a count c among n k-mers in C columns: linear is C c / n, sqrt its root, anscombe the root of
            C (c + 3/8) / (n + 3/8 C), which moves short sequences towards 1.
        length_features: two more columns, log(1 + n) and 1 / sqrt(1 + n) of the first k-mer: how noisy the rest is.
        hidden: widths of the hidden layers.
        dim: length D of the vectors.
        norm: after each hidden linear layer: none, batch or layer.
        dropout: after each hidden layer, in training.
        input_dropout: of standardised columns, in training; 0 where config.json does not say.
        residual: add a hidden layer's input to its output where both are of one width.
        strand: both counts a word and its reverse complement as one, so that both strands give one profile; forward
            counts each for itself, nearly twice the columns; both where config.json does not say.
        frames: what is counted in open reading frames of both strands, next to the k-mers: codons, tetramers1,
            tetramers2, tetramers3 (four bases from the first, second or third of a codon); none where it says nothing.
        uncertainty: a second output says how far from its species a vector is expected to lie.
    """

    kmers: tuple[int | str, ...] = (6,)
    max_columns: int = 8_192
    transform: str = "sqrt"
    length_features: bool = False
    hidden: tuple[int, ...] = (1_024, 512)
    dim: int = 256
    norm: str = "none"
    dropout: float = 0.0
    residual: bool = False
    input_dropout: float = 0.0
    strand: str = "both"
    frames: tuple[str, ...] = ()
    uncertainty: bool = False

    def __post_init__(self) -> None:
        """Refuse values that make no network."""
        if problem := self._problem():
            raise ValueError(problem)

    @property
    def n_inputs(self) -> int:
        """Columns C of a profile."""
        return sum(self.columns_of_kinds) + N_LENGTH_FEATURES * self.length_features

    @property
    def columns_of_kinds(self) -> tuple[int, ...]:
        """Columns of each kind of count, k-mers first; shares are taken within a kind."""
        return (*map(self.n_columns, self.kmers), *(FRAME_KINDS[kind] for kind in self.frames))

    @property
    def is_canonical(self) -> bool:
        """Whether both strands of a sequence give the same profile."""
        return self.strand == "both"

    def n_columns(self, kmer: int | str) -> int:
        """Columns of one of the k-mers."""
        return n_spectrum_columns(kmer, max_columns=self.max_columns, is_canonical=self.is_canonical)

    def to_json(self) -> dict[str, object]:
        """What config.json holds."""
        version = FORMAT_VERSIONS[bool(self.frames or self.uncertainty)]
        values = {name: list(value) if isinstance(value, tuple) else value for name, value in asdict(self).items()}
        return {"model_type": MODEL_TYPE, "format_version": version, **values}

    @classmethod
    def from_json(cls, config: Mapping[str, object], *, path: str) -> KmerNetworkConfig:
        """Take what shapes the network from a parsed config.json; further keys are passed over.

        Raises:
            DnabertSError: another kind of model, a newer format, or a value that is missing, wrong or out of range.
        """
        if config.get("model_type") != MODEL_TYPE:
            raise DnabertSError(f"'model_type' should be '{MODEL_TYPE}', found {config.get('model_type')!r}", path=path)
        if config.get("format_version") not in FORMAT_VERSIONS:
            raise DnabertSError(
                f"'format_version' {config.get('format_version')!r} is none of those known here: 1 and 2",
                path=path,
                hint="a newer release of this tool may open the model",
            )
        try:
            values = {name: _checked({**_LATER, **config}, name) for name in _TYPES}
            return cls(**values)  # type: ignore[arg-type]  # each value was checked against its field above
        except ValueError as error:
            raise DnabertSError(str(error), path=path) from error

    def _problem(self) -> str | None:
        """What makes this no network, in words."""
        if problems := [problem for kmer in self.kmers if (problem := check_kmer(kmer))]:
            return problems[0]
        if not self.kmers or len(set(map(pattern_of, self.kmers))) < len(self.kmers):
            return "'kmers' should name one k-mer or several different ones"
        if not set(self.frames) <= FRAME_KINDS.keys() or len(set(self.frames)) < len(self.frames):
            return f"'frames' should name different ones of {', '.join(FRAME_KINDS)}, found {list(self.frames)}"
        widths = (self.max_columns, self.dim, *self.hidden)
        if min(widths) < 1 or max(widths) > _MOST_WIDTH:
            return f"'max_columns', 'dim' and each width of 'hidden' should be 1 to {_MOST_WIDTH}"
        if len(self.hidden) > _MOST_LAYERS or len(self.kmers) > _MOST_LAYERS:
            return f"'hidden' and 'kmers' should have {_MOST_LAYERS} values at most"
        if self.transform not in TRANSFORMS:
            return f"'transform' should be one of {', '.join(TRANSFORMS)}, found '{self.transform}'"
        if self.norm not in NORMS:
            return f"'norm' should be one of {', '.join(NORMS)}, found '{self.norm}'"
        if self.strand not in STRANDS:
            return f"'strand' should be one of {', '.join(STRANDS)}, found '{self.strand}'"
        for name, share in (("dropout", self.dropout), ("input_dropout", self.input_dropout)):
            if not 0 <= share < 1:
                return f"'{name}' should be in [0, 1), found {share}"
        return None


_TYPES: Mapping[str, tuple[type, ...]] = {  # of each value in config.json, or of what its list holds
    "kmers": (list, int, str),
    "max_columns": (int,),
    "transform": (str,),
    "length_features": (bool,),
    "hidden": (list, int),
    "dim": (int,),
    "norm": (str,),
    "dropout": (float, int),
    "residual": (bool,),
    "input_dropout": (float, int),
    "strand": (str,),
    "frames": (list, str),
    "uncertainty": (bool,),
}
_LATER: Mapping[str, object] = {  # not in every config.json
    "input_dropout": 0.0,
    "strand": "both",
    "frames": [],
    "uncertainty": False,
}
_NAMES = {list: "list", int: "whole number", str: "text", bool: "true or false", float: "number"}


def _checked(config: Mapping[str, object], name: str) -> object:
    """The value under a name, a list as a tuple; a `ValueError` if it is not of the type it must have."""
    value, types = config.get(name), _TYPES[name]
    if types[0] is list:
        is_right = isinstance(value, list) and all(type(one) in types[1:] for one in value)
    else:
        is_right = type(value) in types  # not isinstance: true is no number
    if not is_right:
        raise ValueError(f"'{name}' should be a {_NAMES[types[0]]}, found {value!r}")
    return tuple(value) if isinstance(value, list) else value
