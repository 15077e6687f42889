"""Names of samples: given as NAME=PATH, or those of the files, with as many folders as tell them apart.

Words of the command line -> paths and the names that were given -> one name for each file.
"""

from __future__ import annotations

from collections import Counter
from collections.abc import Mapping, Sequence
from pathlib import Path

_MOST_FOLDERS = 64


def split_names(words: Sequence[str | Path]) -> tuple[tuple[str, ...], dict[str, str]]:
    """The paths of words such as `gut1=reads/mapped.bam` or `mapped.bam`, and the name of each path that has one.

    A word that is the path of a file is that path, whatever is in it; a name holds no slash.
    """
    paths: list[str] = []
    name_of: dict[str, str] = {}
    for word in map(str, words):
        name, equals, path = word.partition("=")
        if equals and name and path and "/" not in name and not Path(word).exists():
            name_of[path] = name
            paths.append(path)
        else:
            paths.append(word)
    return tuple(paths), name_of


def sample_names(paths: Sequence[str | Path], given: Mapping[str, str], *, own: Sequence[str]) -> list[str]:
    """One name for each file: the given one, else its own, with folders in front where several have the same.

    Args:
        own: the name of each file by itself.
    """
    names = [given.get(str(path), name) for path, name in zip(paths, own, strict=True)]
    for n_folders in range(1, _MOST_FOLDERS):
        n_with = Counter(names)
        again = [place for place, path in enumerate(paths) if n_with[names[place]] > 1 and str(path) not in given]
        if not again:
            break
        for place in again:
            folders = Path(paths[place]).absolute().parent.parts[1:][-n_folders:]
            names[place] = "/".join((*folders, own[place]))
    return names
