"""What a run leaves on record: one `Run` from the start of a command to its run.json.

Command, argv, seed and what was asked for at the start -> seconds of its stages on the way -> with inputs, settings and
encoder the content of run.json. By that, a later run of the same command knows that there is nothing left to do.
"""

from __future__ import annotations

import hashlib
import json
import time
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from pathlib import Path

from .. import defaults
from ..errors import DnabertSError, OutputIsComplete
from ..io.files import sha256_file
from ..io.provenance import OUTPUTS_KEY, REQUEST_KEY, describe_run, plain_value

_STDIN = "-"
_FORCE_HINT = "--force overwrites it"
# options that change nothing in what is written
_NOT_ASKED = frozenset(("force", "resume", "existing", "threads", "device", "batch_tokens", "trust_remote_code"))


@dataclass(frozen=True, slots=True)
class Existing:
    """What becomes of an output that is there already: by default, it is an error.

    Args:
        force: it is replaced.
        resume: it is kept if the same command has completed it.
    """

    force: bool = False
    resume: bool = False


KEEP = Existing()


class Run:
    """One run of a command; its clock starts here.

    Attributes:
        timings_s: seconds of each stage that was noted, and "total" up to the last of them.
    """

    def __init__(
        self,
        command: str,
        *,
        argv: Sequence[str] = (),
        seed: int = defaults.SEED,
        asked: Mapping[str, object] | None = None,
    ) -> None:
        """Start the clock.

        Args:
            asked: everything that the outputs depend on as it was asked for: paths of inputs, and settings.
        """
        self.timings_s: dict[str, float] = {}
        self._command = command
        self._argv = argv
        self._seed = seed
        self._request = _digest({"command": command, **asked}) if asked is not None else None
        self._started = self._last = time.monotonic()

    @property
    def seconds(self) -> float:
        """Since the start."""
        return time.monotonic() - self._started

    def note(self, stage: str) -> None:
        """A stage ends."""
        now = time.monotonic()
        self.timings_s[stage] = now - self._last
        self.timings_s["total"] = now - self._started
        self._last = now

    def describe(
        self,
        *,
        inputs: Sequence[Mapping[str, object]],
        settings: Mapping[str, object],
        encoder: Mapping[str, object] | None = None,
        more_timings_s: Mapping[str, float] | None = None,
    ) -> dict[str, object]:
        """The content of run.json, as plain JSON values, of a run that ends now.

        Args:
            inputs: one mapping for each input file, with its path and SHA-256; `file_facts` makes them.
            encoder: what it says of itself; None where none was used.
        """
        described = describe_run(
            argv=self._argv,
            command=self._command,
            seed=self._seed,
            encoder=encoder or {},
            inputs=inputs,
            settings=settings,
            timings_s={**(self.timings_s or {"total": self.seconds}), **(more_timings_s or {})},
        )
        return {**described, REQUEST_KEY: self._request} if self._request is not None else described

    def if_complete(self, output: Path, run_path: Path, *, existing: Existing) -> Callable[[], None] | None:
        """What to do, with --resume, where `output` is there already: `require_complete`; None without."""
        return (lambda: self.require_complete(output, run_path)) if existing.resume and not existing.force else None

    def require_complete(self, output: Path, run_path: Path) -> None:
        """End this run, as an earlier one has made the same.

        Raises:
            OutputIsComplete: the run.json names this command, its settings, these inputs and all the files there.
            DnabertSError: it does not; says in what.
        """
        difference = self.difference(output, run_path)
        if difference is not None:
            raise difference
        raise OutputIsComplete(output)

    def difference(self, output: Path, run_path: Path) -> DnabertSError | None:
        """In what the run differs that made `output`: options, or content of inputs; None for in nothing.

        Raises:
            DnabertSError: there is no run.json of ours, or files that it names are missing or were changed.
        """
        request, places, inputs = _recorded(output, run_path)
        other_options = DnabertSError("exists, made by a run with other options", path=output, hint=_FORCE_HINT)
        is_same = request is not None and request == self._request
        for path, n_bytes in places:
            if not path.is_file() or path.stat().st_size != n_bytes:
                problem = f"is not complete: {path.name} is missing or was changed"
                raise DnabertSError(problem, path=output, hint=_FORCE_HINT) if is_same else other_options
        if not is_same:
            return other_options
        for one in inputs:
            if "sha256" in one and file_facts(one["path"]) != [{"path": one["path"], "sha256": one["sha256"]}]:
                problem = f"exists, made from another {one['path']}"
                return DnabertSError(problem, path=output, hint=_FORCE_HINT)
        return None


def file_facts(*paths: str | Path | None) -> list[dict[str, object]]:
    """Path and SHA-256 of each file, in order; of a folder and of standard input the path alone. None is left out."""
    return [
        {"path": str(path), "sha256": sha256_file(path)}
        if str(path) != _STDIN and Path(path).is_file()
        else {"path": str(path)}
        for path in paths
        if path is not None
    ]


def _recorded(output: Path, run_path: Path) -> tuple[object, list[tuple[Path, int]], list[dict[str, str]]]:
    """What a run.json says: the request, files with their sizes, and inputs."""
    try:
        run = json.loads(run_path.read_text(encoding="utf-8"))
        request, outputs, inputs = run.get(REQUEST_KEY), list(run[OUTPUTS_KEY]), list(run["inputs"])
        return request, [(run_path.parent / one["path"], int(one["bytes"])) for one in outputs], inputs
    except (OSError, ValueError, TypeError, KeyError, AttributeError) as error:
        problem = f"exists, and no {run_path.name} says which run made it"
        raise DnabertSError(problem, path=output, hint=_FORCE_HINT) from error


def run_json_beside(output: Path) -> Path:
    """Where the provenance of an output file goes: depth.tsv -> depth.tsv.run.json."""
    return output.with_name(f"{output.name}.run.json")


def _digest(asked: Mapping[str, object]) -> str:
    text = json.dumps(without_idle(plain_value(asked)), sort_keys=True, ensure_ascii=True)
    return hashlib.sha256(text.encode()).hexdigest()


def without_idle(value: object) -> object:
    """JSON without the options that change nothing in the output, at any depth."""
    if isinstance(value, Mapping):
        return {key: without_idle(inner) for key, inner in value.items() if key not in _NOT_ASKED}
    return [without_idle(inner) for inner in value] if isinstance(value, list) else value
