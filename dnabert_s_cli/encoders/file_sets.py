"""Which files make up a model: names on the hub or in a folder go in, the names worth having come out."""

from __future__ import annotations

from collections.abc import Collection
from dataclasses import dataclass
from fnmatch import fnmatch
from pathlib import Path

from ..untrusted import whole_number
from .weight_files import WEIGHT_FILES

_INDEX = ".index.json"


@dataclass(frozen=True, slots=True)
class FileSet:
    """The files of one kind of model.

    Args:
        required: groups of names; the first that is there of each is taken. The last group is the weights.
        optional: shell patterns of further files to take from the top folder.
    """

    required: tuple[tuple[str, ...], ...]
    optional: tuple[str, ...] = ()

    def lacking(self, available: Collection[str]) -> str | None:
        """What is missing for a model, in words; None if it is whole."""
        for group in self.required:
            if not any(name in available for name in group):
                return " or ".join(name for name in group if not name.endswith(_INDEX))
        if not self.weights(available).endswith(_INDEX):
            return None
        shards = self._shards(available)
        n_shards = whole_number(shards[0].split("-of-")[1].split(".")[0]) if shards else 1
        return None if len(shards) == n_shards else "complete weights, of which parts are missing"

    def choose(self, available: Collection[str]) -> tuple[str, ...]:
        """The names to have, weights last: where they lie, the rest lies too. Expects a whole model."""
        weights = self.weights(available)
        chosen = [next(name for name in group if name in available) for group in self.required[:-1]]
        top = sorted(name for name in available if "/" not in name)
        chosen += [name for name in top if any(fnmatch(name, pattern) for pattern in self.optional)]
        small = dict.fromkeys(name for name in chosen if name not in self.required[-1])
        return (*small, *self._shards(available), weights)

    def weights(self, available: Collection[str]) -> str:
        """The file with the weights, or with the index of their parts. Expects a whole model."""
        return next(name for name in self.required[-1] if name in available)

    def _shards(self, available: Collection[str]) -> list[str]:
        """The parts that an index of weights stands for; none for weights in one file."""
        weights = self.weights(available)
        if not weights.endswith(_INDEX):
            return []
        stem, suffix = weights.removesuffix(_INDEX).split(".")
        return sorted(name for name in available if fnmatch(name, f"{stem}-*-of-*.{suffix}"))


MODEL_FILES = FileSet(  # of DNABERT-2 and DNABERT-S
    required=(("config.json",), ("tokenizer.json",), WEIGHT_FILES),
    optional=("tokenizer_config.json",),
)


def file_names(folder: Path) -> set[str]:
    """Names of the files in a folder; a link whose target is gone does not count."""
    return {path.name for path in folder.iterdir() if path.is_file()}
