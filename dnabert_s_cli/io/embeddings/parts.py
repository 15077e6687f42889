"""Tables that each hold one part of the records of a call, and the whole that they make.

Each part is a .npy with its ids and a run.json, under "shard" in which stands where its rows belong. Paths -> `Part`s
-> checked to be all parts of one whole, in order -> their rows, block by block, for an `EmbeddingWriter`.
"""

from __future__ import annotations

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import asdict, dataclass, fields
from pathlib import Path

import numpy as np
import numpy.typing as npt

from ...errors import DnabertSError, raise_together
from ...untrusted import read_json_object
from .binary import read_npy, rows_in_block
from .text import iter_counts, iter_ids, iter_uncertainty
from .values import EmbeddedChunk
from .writer import ids_path_of, run_path_of

SHARD_KEY = "shard"  # of run.json
_SHOWN_MISSING = 10
_HINT_NO_PART = "give the .npy files that `dnabert-s embed --shard i/n` wrote"


@dataclass(frozen=True, slots=True)
class Shard:
    """Which part of all records: number `index` of `n_shards`, rows `first_record` on of the whole table."""

    index: int
    n_shards: int
    first_record: int
    n_records: int
    total_records: int

    def __str__(self) -> str:
        return f"{self.index}/{self.n_shards}"

    def to_json(self) -> dict[str, int]:
        """What stands in run.json."""
        return asdict(self)


@dataclass(frozen=True, slots=True, eq=False)
class Part:
    """A finished table of one part: its place in the whole, rows (N, D) on disk, and what its run.json says."""

    path: Path
    shard: Shard
    rows: npt.NDArray[np.float32]
    run: Mapping[str, object]

    @property
    def dim(self) -> int:
        """Numbers in a row, D."""
        return int(self.rows.shape[1])

    @property
    def settings(self) -> dict[str, object]:
        """What the numbers depend on, for comparison with other parts."""
        settings = self.run.get("settings")
        return {k: v for k, v in settings.items() if k != SHARD_KEY} if isinstance(settings, Mapping) else {}

    @property
    def input_digests(self) -> list[object]:
        """SHA-256 of each input file of the call, in order."""
        inputs = self.run.get("inputs")
        files = inputs if isinstance(inputs, Sequence) else []
        return [file.get("sha256") for file in files if isinstance(file, Mapping)]


def read_part(path: Path) -> Part:
    """The part at `path`.

    Raises:
        DnabertSError: not a .npy with its ids and a run.json that says which part it is, or rows are missing.
    """
    if path.suffix != ".npy":
        raise DnabertSError(f"is not part of a table: suffix '{path.suffix}'", path=path, hint=_HINT_NO_PART)
    rows, run_path = _read_existing_npy(path), run_path_of(path, "npy")
    for needed in (ids_path_of(path), run_path):
        if not needed.is_file():
            raise DnabertSError(f"no {needed.name} next to it", path=path, hint="copy it there too")
    run = read_json_object(run_path)
    found = run.get(SHARD_KEY)
    names = {field.name for field in fields(Shard)}
    if not isinstance(found, dict) or found.keys() != names or not all(type(one) is int for one in found.values()):
        raise DnabertSError("is a complete table, not a part of one", path=path, hint=_HINT_NO_PART)
    part = Part(path, Shard(**found), rows, run)
    if len(rows) != part.shard.n_records:
        problem = f"holds {len(rows):,} rows, its run.json says {part.shard.n_records:,}"
        raise DnabertSError(problem, path=path, hint="the files must come from the same run")
    return part


def _read_existing_npy(path: Path) -> npt.NDArray[np.float32]:
    """(N, D) float32, memory-mapped where there is a row; errors as of `read_npy`, or no such file."""
    if not path.is_file():
        raise DnabertSError("no such file", path=path, hint="check the path")
    return read_npy(path)


def whole_of(parts: Sequence[Part]) -> list[Part]:
    """The same parts in order, if they are all parts of one table, each once.

    Raises:
        DnabertSError: parts of different calls, one that comes twice, or one that is missing; all problems together.
    """
    if not parts:
        raise ValueError("no parts")
    first = parts[0]
    raise_together([foreign for part in parts[1:] if (foreign := _foreign(part, first)) is not None])
    problems: list[DnabertSError] = []
    by_index: dict[int, Part] = {}
    for part in parts:
        earlier = by_index.setdefault(part.shard.index, part)
        if earlier is not part:
            problem = f"is shard {part.shard}, as is {earlier.path}"
            problems.append(DnabertSError(problem, path=part.path, hint="give each shard once"))
    missing = [index for index in range(first.shard.n_shards) if index not in by_index]
    if missing:
        shown = ", ".join(f"{index}/{first.shard.n_shards}" for index in missing[:_SHOWN_MISSING])
        more = f" and {len(missing) - _SHOWN_MISSING} more" if len(missing) > _SHOWN_MISSING else ""
        hint = "give all shards; `embed --shard` makes those that are not there yet"
        problems.append(DnabertSError(f"shards are missing: {shown}{more}", hint=hint))
    raise_together(problems)
    ordered = [by_index[index] for index in range(first.shard.n_shards)]
    _check_places(ordered)
    return ordered


def part_chunks(part: Part) -> Iterator[EmbeddedChunk]:
    """The rows of a part with their ids and counts, some million numbers at a time.

    Raises:
        DnabertSError: the ids file has more or fewer lines than the table has rows.
    """
    block = rows_in_block(part.dim)
    ids_path = ids_path_of(part.path)
    n_rows = 0
    columns = (read(ids_path, block=block) for read in (iter_ids, iter_counts, iter_uncertainty))
    for ids, counts, uncertainty in zip(*columns, strict=True):
        rows = np.array(part.rows[n_rows : n_rows + len(ids)])
        n_rows += len(ids)
        if len(rows) < len(ids):
            break
        yield EmbeddedChunk(ids, counts[:, 0], counts[:, 1], counts[:, 2], rows, uncertainty)
    if n_rows != len(part.rows):
        problem = f"does not have a line for each of the {len(part.rows):,} rows of {part.path.name}"
        raise DnabertSError(problem, path=ids_path, hint="the files must come from the same run")


def _foreign(part: Part, first: Part) -> DnabertSError | None:
    """Why a part cannot belong to the same whole as the first."""
    hint = f"give the shards of one call; {first.path} is shard {first.shard}"
    if part.shard.n_shards != first.shard.n_shards:
        problem = f"is shard {part.shard}: cut into another number of shards than {first.path}"
        return DnabertSError(problem, path=part.path, hint=hint)
    for number, pair in enumerate(zip(part.input_digests, first.input_digests, strict=False), start=1):
        if pair[0] != pair[1]:
            problem = f"was made from different input than {first.path}: file {number} differs"
            return DnabertSError(problem, path=part.path, hint=hint)
    if len(part.input_digests) != len(first.input_digests) or part.shard.total_records != first.shard.total_records:
        return DnabertSError(f"was made from different input than {first.path}", path=part.path, hint=hint)
    for name in dict.fromkeys(("model", *first.settings, *part.settings)):
        here, there = part.settings.get(name), first.settings.get(name)
        if here != there:
            problem = f"was made with {name} {here!r}, {first.path} with {there!r}"
            return DnabertSError(problem, path=part.path, hint="embed one of them again with the settings of the other")
    return None


def _check_places(ordered: Sequence[Part]) -> None:
    """Raise unless each part begins where the one before it ends."""
    next_record = 0
    for part in ordered:
        if part.shard.first_record != next_record:
            problem = f"begins with record {part.shard.first_record + 1:,}, not {next_record + 1:,}: shards overlap"
            hint = "made by different versions? embed all shards with one version"
            raise DnabertSError(problem, path=part.path, hint=hint)
        next_record += part.shard.n_records
    if next_record != ordered[-1].shard.total_records:
        problem = f"the shards hold {next_record:,} of {ordered[-1].shard.total_records:,} records"
        raise DnabertSError(problem, path=ordered[-1].path)
