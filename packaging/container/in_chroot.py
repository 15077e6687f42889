"""Run the steps of a Dockerfile in a Debian root, where there is no Docker.

    debootstrap --include=python3-venv,python3-dev,ca-certificates bookworm root
    python packaging/container/in_chroot.py packaging/container/Dockerfile root -- bin contigs.fa.gz -o bins_out

All stages share the one root, so that what a later stage copies from an earlier one is there already; the root stands
for the base image, and `python` in it is Debian's. The words behind `--` are a command line of dnabert-s, run at the
end as the image would run it: as its user, in its folder, with examples/contigs.fa.gz in it. chroot needs root.
"""

from __future__ import annotations

import os
import re
import shutil
import subprocess
import sys
from collections.abc import Iterator
from pathlib import Path

CONTEXT = Path(__file__).resolve().parents[2]
DEFAULT_PATH = "/usr/local/sbin:/usr/local/bin:/usr/sbin:/usr/bin:/sbin:/bin"


class Root:
    """A root, and what the instructions so far have set."""

    def __init__(self, path: Path) -> None:
        self.path = path
        self.folder, self.user = "/", "root"
        self.environment = {"PATH": DEFAULT_PATH, "LANG": "C.UTF-8"}
        self.environment |= {name: value for name, value in os.environ.items() if name.startswith("PIP_")}
        python = path / "usr/local/bin/python"
        if not python.exists():
            python.symlink_to("/usr/bin/python3")

    def run(self, code: str) -> None:
        """Run shell code as a RUN does."""
        print(f"--- as {self.user} in {self.folder}: {code}", flush=True)
        arguments = ["chroot", f"--userspec={self.user}", self.path, "/bin/sh", "-ec", f"cd {self.folder}; {code}"]
        home = "/root" if self.user == "root" else f"/home/{self.user}"
        subprocess.run(arguments, env={**self.environment, "HOME": home}, check=True)

    def follow(self, word: str, rest: str) -> None:
        """One instruction."""
        if word == "RUN":
            self.run(rest)
        elif word == "WORKDIR":
            self.folder = rest
            (self.path / rest.lstrip("/")).mkdir(parents=True, exist_ok=True)
        elif word == "USER":
            self.user = rest
        elif word == "ENV":
            for name, value in re.findall(r"(\w+)=(\S+)", rest):
                self.environment[name] = value.replace("$PATH", self.environment["PATH"])
        elif word == "FROM":
            self.folder, self.user = "/", "root"
        elif word == "COPY" and not rest.startswith("--from"):
            *sources, target = rest.split()
            for source in sources:
                self.copy(CONTEXT / source, f"{self.folder}/{target}", is_folder=target.endswith("/"))
        elif word not in ("COPY", "ENTRYPOINT"):
            raise ValueError(f"{word} is not known here")

    def copy(self, source: Path, target: str, *, is_folder: bool) -> None:
        """A file, or the content of a folder."""
        place = self.path / target.lstrip("/")
        if source.is_dir():
            shutil.copytree(source, place, dirs_exist_ok=True, ignore=shutil.ignore_patterns("__pycache__"))
        else:
            place = place / source.name if is_folder else place
            place.parent.mkdir(parents=True, exist_ok=True)
            shutil.copyfile(source, place)


def instructions(path: Path) -> Iterator[tuple[str, str]]:
    """Instruction and arguments of each line, continued ones joined, without comments."""
    lines = [line for line in path.read_text(encoding="utf-8").splitlines() if not line.lstrip().startswith("#")]
    for line in re.sub(r"\s*\\\n\s*", " ", "\n".join(lines)).splitlines():
        if line.strip():
            word, _, rest = line.partition(" ")
            yield word, rest.strip()


def main() -> None:
    """Run all steps, then one command line of the program."""
    words = sys.argv[1:]
    end = words.index("--") if "--" in words else len(words)
    dockerfile, root_path = map(Path, words[:end])
    root = Root(root_path.resolve())
    for word, rest in instructions(dockerfile):
        root.follow(word, rest)
    if words[end + 1 :]:
        root.copy(CONTEXT / "examples" / "contigs.fa.gz", f"{root.folder}/contigs.fa.gz", is_folder=False)
        shutil.chown(root.path / root.folder.lstrip("/"), 1000, 1000)  # as a folder of the user's, mounted there
        root.run(" ".join(["id", "-un", "&&", "dnabert-s", *words[end + 1 :]]))


if __name__ == "__main__":
    main()
