"""The systems of an evaluation, by name: encoders, and what is trained on the evaluated set itself.

A list of models from the command line -> `NamedModel`s -> per protocol the `System` that makes the vectors -> vectors
of whole sets, taken from the cache where they are. A system that is not available raises `CannotRunError` with the
reason, one whose code breaks `ModelFailedError`, and the evaluation continues without it.
"""

from __future__ import annotations

import logging
from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field, replace
from pathlib import Path
from typing import Protocol

import numpy as np

from ... import defaults
from ...encoders.composition import CompositionEncoder, tnf_kernel, tnf_kernel_scrambled
from ...encoders.devices import use_threads
from ...encoders.embedder import Encoder
from ...encoders.word_vectors import WORDS_PREFIX
from ...errors import DnabertSError
from ...io.embeddings.cache import VectorCache, default_cache_folder, sequences_hash
from ...training.models.composition_vae import DEFINITION, LATENT_DIM, composition_vae_vectors
from ..progress import Progress
from ..vectors.encoding import EncoderOptions

logger = logging.getLogger(__name__)

PAPER, SOUND = "paper", "sound"
_ALL_OF_THE_PAPER = "paper"
_TNF_K, _TNF_VAE, _DNA2VEC = "tnf-k", "tnf-vae", "dna2vec"
_SCRAMBLED = "tnf-k-scrambled"
_LONGEST_REASON = 300


class CannotRunError(Exception):
    """A model is not available here, or refuses a set."""


class ModelFailedError(CannotRunError):
    """The code of a model broke, or what it gave is of no use."""


@dataclass(frozen=True, slots=True)
class NamedModel:
    """A row of the results: what it is called, and what `--model` would be."""

    label: str
    model: str


class System(Protocol):
    """What makes vectors of a set."""

    @property
    def facts(self) -> Mapping[str, object]:
        """Everything that determines the vectors, apart from the sequences."""

    @property
    def embeds_alone(self) -> bool:
        """Whether a sequence's vector does not depend on the others of its set."""

    def vectors(self, sequences: Sequence[str], *, progress: Progress) -> np.ndarray:
        """One vector for each sequence. -> (N, D) float32."""


def parse_models(text: str) -> tuple[NamedModel, ...]:
    """Models of a list such as `tnf,mine=runs/a/best`; `paper` stands for those of the paper's table.

    A name that itself holds a "=" needs a label.

    Raises:
        DnabertSError: nothing in the list, or a label that comes twice.
    """
    words = [word for part in text.split(",") if (word := part.strip())]
    listed = [one for word in words for one in (defaults.PAPER_MODELS if word == _ALL_OF_THE_PAPER else (word,))]
    named = [_named(word) for word in listed]
    labels = [one.label for one in named]
    twice = [label for label in labels if labels.count(label) > 1]
    if twice:
        raise DnabertSError(f"two models are called '{twice[0]}'", hint="name one of them: --models LABEL=MODEL")
    if not named:
        raise DnabertSError("no model is named", hint="give --models a list such as tnf,tnf-c")
    return tuple(named)


def cache_folder(named: Path | None) -> Path:
    """Where vectors are kept: the folder that was named, or the user's cache."""
    return named or default_cache_folder()


def system_name(model: str, protocol: str) -> str:
    """What makes the vectors: the model itself, but for the paper's TNF-K, which is of a scrambled projection."""
    return _SCRAMBLED if (model, protocol) == (_TNF_K, PAPER) else model


def open_system(name: str, options: EncoderOptions, *, seed: int) -> System:
    """The system of that name, ready.

    Raises:
        CannotRunError: there is no such model, or not on this machine; a `ModelFailedError` if its code broke.
    """
    threads = use_threads(options.threads)
    if name == _TNF_VAE:
        return _CompositionVae(seed, threads)
    if name == _SCRAMBLED:
        return _EncoderSystem(CompositionEncoder(_SCRAMBLED, 103, tnf_kernel_scrambled, threads=threads))
    if name == _DNA2VEC:
        raise CannotRunError(f"needs a file of word vectors: {WORDS_PREFIX}FILE (examples/train_dna2vec.py makes one)")
    try:
        return _EncoderSystem(replace(options, model=name).open())
    except DnabertSError as error:
        cause = error.__cause__
        if options.trust_remote_code and isinstance(cause, Exception) and not isinstance(cause, OSError | ImportError):
            raise _failure("while it was opened", cause) from error
        raise CannotRunError(str(error)) from error
    except Exception as error:  # code that comes with a model raises anything, and other models wait
        raise _failure("while it was opened", error) from error


@dataclass(frozen=True, slots=True, eq=False)
class VectorSource:
    """Vectors of one system: of this run, of the cache, or made now."""

    label: str
    system: System
    cache: VectorCache
    progress: Progress
    _known: dict[str, np.ndarray] = field(default_factory=dict)

    def of(self, sequences: Sequence[str], *, what: str) -> np.ndarray:
        """Vectors of a set, for which `what` stands in messages. -> (N, D) float32.

        Raises:
            CannotRunError: the system refuses these sequences; a `ModelFailedError` if its code broke on them.
        """
        key = sequences_hash(sequences)
        if key not in self._known:
            vectors = self.cache.load(self.system.facts, key, n_rows=len(sequences))
            if vectors is None:
                vectors = self._made(sequences, what=what)
                self.cache.save(self.system.facts, key, vectors=vectors)
            self._known[key] = vectors
        return self._known[key]

    def _made(self, sequences: Sequence[str], *, what: str) -> np.ndarray:
        self.progress.start(f"{self.label}: vectors of {what}", sum(map(len, sequences)), unit="bp")
        try:
            vectors = self.system.vectors(sequences, progress=self.progress)
        except DnabertSError as error:
            raise CannotRunError(f"{what}: {error}") from error
        except Exception as error:  # as in `open_system`
            raise _failure(f"on {what}", error) from error
        if not np.isfinite(vectors).all():
            raise ModelFailedError(f"on {what}: a vector is not finite")
        return vectors


@dataclass(frozen=True, slots=True, eq=False)
class _EncoderSystem:
    """An encoder; each sequence by itself."""

    encoder: Encoder
    embeds_alone: bool = True

    @property
    def facts(self) -> Mapping[str, object]:
        return self.encoder.describe()

    def vectors(self, sequences: Sequence[str], *, progress: Progress) -> np.ndarray:
        return self.encoder.embed_counted(sequences, on_progress=progress.advance).embeddings


@dataclass(frozen=True, slots=True, eq=False)
class _CompositionVae:
    """TNF-VAE: trained on the set that it embeds."""

    seed: int
    threads: int
    embeds_alone: bool = False

    @property
    def facts(self) -> Mapping[str, object]:
        settings = {"epochs": defaults.VAE_EPOCHS, "seed": self.seed, "dim": LATENT_DIM}
        return {"model": _TNF_VAE, "fingerprint": DEFINITION, **settings}

    def vectors(self, sequences: Sequence[str], *, progress: Progress) -> np.ndarray:
        n_bp = sum(map(len, sequences))
        profiles = tnf_kernel(sequences, threads=self.threads)
        done = 0.0

        def advance(n_epochs: int) -> None:
            nonlocal done
            before, done = round(done), done + n_epochs * n_bp / defaults.VAE_EPOCHS
            progress.advance(round(done) - before)

        return composition_vae_vectors(profiles, seed=self.seed, on_epoch=advance)


def _named(word: str) -> NamedModel:
    label, equals, model = word.partition("=")
    return NamedModel(label, model) if equals else NamedModel(word, word)


def _failure(when: str, error: Exception) -> ModelFailedError:
    """An error of any kind as the reason of a failed row; the log has its traceback."""
    logger.debug("a model failed %s", when, exc_info=error)
    words = " ".join(str(error).split())
    return ModelFailedError(f"{when}: {type(error).__name__}{': ' if words else ''}{words[:_LONGEST_REASON]}")
