"""What a run on several samples keeps in its output, so that a sample can be added later without redoing the others.

    kept/contigs.npy, contigs.ids.tsv   vectors of all contigs, as `embed` writes them
    kept/map.npy                        unit vectors in the geometry of each sample, for the map
    kept/facts.npz                      GC, letters, circular contigs, depth
    kept/markers.tsv                    marker genes
    kept/made-from.json                 digests of the samples, settings, samples of depth

Contigs in bins -> these files; the files with bins.tsv and contig2bin.tsv -> `Earlier`.
"""

from __future__ import annotations

import json
from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

import numpy as np

from ....errors import DnabertSError
from ....io.arrays import map_npy, read_npz
from ....io.bins.reading import BinRow, read_bin_table, read_binning
from ....io.embeddings.reading import ids_path_of, read_embeddings
from ....io.provenance import plain_value
from ....untrusted import read_json_object
from ..contigs import Contigs
from ..markers import save_hits
from ..outputs import BIN_TABLE, CONTIG2BIN, BinnedContigs

KEPT = "kept"
HITS_FILE = "markers.tsv"
FORCE_HINT = "--force bins all samples again"
_TABLE, _MAP, _FACTS, _MADE_FROM = "contigs.npy", "map.npy", "facts.npz", "made-from.json"
_COLUMNS = ("gc", "known_bp", "is_circular")
_BLOCK = 1 << 14  # rows at a time


@dataclass(frozen=True, slots=True, eq=False)
class Earlier:
    """What an earlier run left: N contigs in B bins.

    Attributes:
        folder: its output.
        contigs: with the digests of its samples.
        embeddings: (N, D) float32, on disk.
        unit: (N, D) float16, on disk.
        depth: (N, S) float32; None where none was known. `depth_samples` names its columns.
        bin_of: bin of each contig that has one.
        bins: rows of bins.tsv, in order.
        settings: that all samples of one output share.
        encoder: what it said of itself.
        hits_path: its marker genes; None where none were looked for.
    """

    folder: Path
    contigs: Contigs
    embeddings: np.ndarray
    unit: np.ndarray
    depth: np.ndarray | None
    depth_samples: tuple[str, ...]
    bin_of: Mapping[str, str]
    bins: Sequence[BinRow]
    settings: Mapping[str, object]
    encoder: Mapping[str, object]
    hits_path: Path | None


def keep_samples(
    folder: Path, binned: BinnedContigs, *, settings: Mapping[str, object], encoder: Mapping[str, object]
) -> None:
    """Write the files of `kept` into the new folder `folder`."""
    folder.mkdir()
    contigs, unit = binned.contigs, binned.bins.unit
    np.save(folder / _TABLE, binned.embeddings)
    with ids_path_of(folder / _TABLE).open("w", encoding="utf-8", errors="surrogateescape", newline="\n") as table:
        table.write("id\tlength\n")
        table.writelines(f"{name}\t{n}\n" for name, n in zip(contigs.ids, contigs.lengths_bp.tolist(), strict=True))
    halved = np.lib.format.open_memmap(folder / _MAP, mode="w+", dtype=np.float16, shape=unit.shape)
    for start in range(0, len(unit), _BLOCK):
        halved[start : start + _BLOCK] = unit[start : start + _BLOCK]
    halved.flush()
    facts = {name: np.asarray(getattr(contigs, name)) for name in _COLUMNS}
    if binned.depth is not None:
        facts["depth"] = np.asarray(binned.depth, dtype=np.float32)
    np.savez(folder / _FACTS, allow_pickle=False, **facts)
    if binned.hits is not None:
        save_hits(folder / HITS_FILE, binned.hits, ids=contigs.ids)
    made_from = {
        "samples": dict(contigs.digests),
        "depth_samples": list(binned.samples),
        "settings": dict(settings),
        "encoder": {name: encoder.get(name) for name in ("model", "fingerprint")},
    }
    text = json.dumps(plain_value(made_from), indent=1, sort_keys=True, ensure_ascii=True)
    (folder / _MADE_FROM).write_text(text, encoding="utf-8")


def is_kept(output: Path) -> bool:
    """Whether a folder holds what a sample can be added to."""
    return (output / KEPT / _MADE_FROM).is_file()


def read_kept(output: Path) -> Earlier:
    """What the run left that made `output`.

    Raises:
        DnabertSError: files are damaged, or do not fit together.
    """
    folder = output / KEPT
    table, unit = read_embeddings(folder / _TABLE), map_npy(folder / _MAP)
    facts, made_from = read_npz(folder / _FACTS), read_json_object(folder / _MADE_FROM)
    depth = facts.get("depth")
    try:
        digests = {str(name): str(one) for name, one in _mapping(made_from["samples"]).items()}
        names = made_from["depth_samples"]
        if not isinstance(names, list) or unit.shape != table.embeddings.shape:
            raise ValueError("arrays do not fit together")
        columns = [facts[name] for name in _COLUMNS]
        if any(column.shape != (len(table.ids),) for column in columns):
            raise ValueError("arrays do not fit together")
        if (depth is None) != (not names) or (depth is not None and depth.shape != (len(table.ids), len(names))):
            raise ValueError("depth does not fit its samples")
        settings, encoder = _mapping(made_from["settings"]), _mapping(made_from["encoder"])
    except (ValueError, KeyError, TypeError) as error:
        raise DnabertSError(f"is damaged: {error}", path=folder, hint=FORCE_HINT) from error
    bin_of, bins = read_binning(output / CONTIG2BIN), read_bin_table(output / BIN_TABLE)
    names_of_bins = [row.name for row in bins]
    fits = sorted(set(bin_of.values())) == sorted(names_of_bins) and bin_of.keys() <= set(table.ids)
    if not fits or not {row.sample for row in bins} <= digests.keys():
        raise DnabertSError(f"{BIN_TABLE}, {CONTIG2BIN} and {KEPT} do not fit together", path=output, hint=FORCE_HINT)
    return Earlier(
        output,
        Contigs(table.ids, table.lengths_bp, columns[0], columns[1], columns[2], digests),
        table.embeddings,
        unit,
        depth,
        tuple(map(str, names)),
        bin_of,
        bins,
        settings,
        encoder,
        folder / HITS_FILE if (folder / HITS_FILE).is_file() else None,
    )


def _mapping(value: object) -> Mapping[str, object]:
    if not isinstance(value, Mapping):
        raise TypeError("no mapping where one belongs")
    return value
