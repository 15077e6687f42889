"""Model files by name: from the local Hugging Face cache, or, only here, from the network.

A name becomes a `HubReference` (hub id and revision); its files are looked for in the cache; those missing
are fetched by huggingface_hub, named file by named file, never a whole repository and never Python code
unasked. What comes back is the folder of one commit. HF_HOME, HF_HUB_CACHE, HF_ENDPOINT, HF_HUB_OFFLINE and HF_TOKEN
keep their meaning; they are read when huggingface_hub is imported.
"""

from __future__ import annotations

import logging
import re
from collections.abc import Iterator, Mapping
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from huggingface_hub import CacheNotFound, HfApi, constants, hf_hub_download, scan_cache_dir
from huggingface_hub import try_to_load_from_cache as cached_path
from huggingface_hub.errors import (
    GatedRepoError,
    HfHubHTTPError,
    LocalEntryNotFoundError,
    RepositoryNotFoundError,
    RevisionNotFoundError,
)

from .. import defaults
from ..errors import DnabertSError
from ..untrusted import read_json_object
from .file_sets import MODEL_FILES, FileSet, file_names

logger = logging.getLogger(__name__)

ALIASES: Mapping[str, str] = {"dnabert-s": "zhihan1996/DNABERT-S", "dnabert-2": "zhihan1996/DNABERT-2-117M"}
PINNED_REVISIONS: Mapping[str, str] = {
    "zhihan1996/DNABERT-S": "00e47f96cdea35e4b6f5df89e5419cbe47d490c6",
    "zhihan1996/DNABERT-2-117M": "7bce263b15377fc15361f52cfab88f8b586abda0",
}
_COMMIT = re.compile(r"[0-9a-f]{40}")
_OWNER_AND_NAME = re.compile(r"(?!.*(?:--|\.\.))(?=.{1,96}$)\w([\w.-]*\w)?/\w([\w.-]*\w)?(?<!\.git)", re.ASCII)
_REVISION = re.compile(r"(?!.*\.\.)\w[\w./-]*", re.ASCII)
_FAMILY_KEY = "alibi_starting_size"  # in config.json of DNABERT-2, DNABERT-S and whatever is tuned from them
# The library's own error derives from the base error of its transport: requests, httpx or httpx2, by version.
_TRANSFER_ERRORS: tuple[type[BaseException], ...] = (OSError, *HfHubHTTPError.__bases__)


@dataclass(frozen=True, slots=True)
class ModelFolder:
    """A model's files on this machine.

    `revision` is the commit that they are from; None for a folder that the user named.
    """

    name: str
    path: Path
    revision: str | None


@dataclass(frozen=True, slots=True)
class CachedModel:
    """One line of `models list`.

    `name` is what `--model` takes, `revision` a commit, `size_bytes` what lies on disk.
    """

    name: str
    hub_id: str
    revision: str
    size_bytes: int
    is_complete: bool


@dataclass(frozen=True, slots=True)
class HubReference:
    """A repository on the hub and one revision of it: a commit, branch or tag."""

    hub_id: str
    revision: str

    @property
    def name(self) -> str:
        """The shortest name that leads back here: an alias, `owner/name` or `owner/name@revision`."""
        pinned = PINNED_REVISIONS.get(self.hub_id)
        if self.revision != (pinned or constants.DEFAULT_REVISION):
            return f"{self.hub_id}@{self.revision}"
        return next((alias for alias, hub_id in ALIASES.items() if hub_id == self.hub_id), self.hub_id)


def locate_model(model: str) -> ModelFolder:
    """The folder of a DNABERT-2 or DNABERT-S model: from the cache, without network, or else fetched.

    Args:
        model: an alias (`dnabert-s`, `dnabert-2`), `owner/name`, or `owner/name@revision`.

    Raises:
        DnabertSError: not a model name; neither cached nor available; no model this tool can open.
    """
    reference = parse_reference(model)
    return find_snapshot(reference, MODEL_FILES) or fetch_snapshot(reference, MODEL_FILES)


def pull_model(model: str) -> ModelFolder:
    """As `locate_model`, but the hub is asked again for the newest commit of a branch or tag."""
    reference = parse_reference(model)
    if _COMMIT.fullmatch(reference.revision):
        return locate_model(model)
    return fetch_snapshot(reference, MODEL_FILES)


def cached_models() -> tuple[CachedModel, ...]:
    """The aliases, cached or not, then every other cached model of the family by hub id and commit."""
    try:
        repositories = scan_cache_dir().repos
    except CacheNotFound:
        repositories = frozenset()
    found: dict[HubReference, CachedModel] = {}
    for repository in repositories:
        for commit in repository.revisions if repository.repo_type == "model" else ():
            reference = HubReference(repository.repo_id, commit.commit_hash)
            pinned = PINNED_REVISIONS.get(repository.repo_id)
            if reference.revision != pinned and not _is_of_the_family(commit.snapshot_path):
                continue
            is_main = pinned is None and constants.DEFAULT_REVISION in commit.refs
            found[reference] = CachedModel(
                name=repository.repo_id if is_main else reference.name,
                hub_id=repository.repo_id,
                revision=reference.revision,
                size_bytes=commit.size_on_disk,
                is_complete=MODEL_FILES.lacking(file_names(commit.snapshot_path)) is None,
            )
    named = [HubReference(hub_id, PINNED_REVISIONS[hub_id]) for hub_id in ALIASES.values()]
    absent = {ref: CachedModel(ref.name, ref.hub_id, ref.revision, 0, is_complete=False) for ref in named}
    others = sorted(found.keys() - absent.keys(), key=lambda ref: (ref.hub_id, ref.revision))
    return tuple(found.get(ref) or absent[ref] for ref in [*named, *others])


def parse_reference(model: str) -> HubReference:
    """Hub id and revision of a name as `locate_model` takes it."""
    hub_id, at, revision = model.partition("@")
    hub_id = ALIASES.get(hub_id, hub_id)
    if not _OWNER_AND_NAME.fullmatch(hub_id) or (at and not _REVISION.fullmatch(revision)):
        names = ", ".join((*ALIASES, defaults.NO_DOWNLOAD_MODEL))
        hint = f"name a model ({names}), a folder that holds one, or one on the hub as owner/name[@revision]"
        raise DnabertSError(f"there is no model called '{model[:80]}'", hint=hint)
    return HubReference(hub_id, revision or PINNED_REVISIONS.get(hub_id) or constants.DEFAULT_REVISION)


def find_snapshot(reference: HubReference, files: FileSet) -> ModelFolder | None:
    """The model's folder in the cache if it is whole there; never uses the network."""
    config = cached_path(reference.hub_id, "config.json", revision=reference.revision)
    if not isinstance(config, str):
        return None
    snapshot = Path(config).parent
    if files.lacking(file_names(snapshot)) is not None:
        return None
    return ModelFolder(reference.name, snapshot, snapshot.name)


def fetch_snapshot(reference: HubReference, files: FileSet) -> ModelFolder:
    """Ask the hub for the commit of the revision, and fetch those of its files that the cache lacks."""
    if constants.HF_HUB_OFFLINE:
        raise _absent_error(reference, "HF_HUB_OFFLINE is set", remedy="unset HF_HUB_OFFLINE; or ")
    with _files_only(), _errors_explained(reference):
        # One request that fails at once. A failing HEAD of a file is tried again for up to six minutes.
        listing = HfApi().model_info(
            reference.hub_id,
            revision=reference.revision,
            timeout=constants.HF_HUB_ETAG_TIMEOUT,
            files_metadata=True,
        )
        sizes = {file.rfilename: file.size or 0 for file in listing.siblings or ()}
        if (lacking := files.lacking(sizes)) is not None or listing.sha is None:
            raise DnabertSError(
                f"'{reference.name}' is not a model this tool can open: its repository has no {lacking}",
                hint=f"a model of another kind may open with hf:{reference.hub_id}",
            )
        at_commit = HubReference(reference.hub_id, listing.sha)
        snapshot = _download(at_commit, {name: sizes[name] for name in files.choose(sizes)})
        if reference != at_commit:  # by one more HEAD the cache learns which commit the branch or tag is
            hf_hub_download(reference.hub_id, "config.json", revision=reference.revision)
    return ModelFolder(reference.name, snapshot, listing.sha)


def _download(reference: HubReference, sizes: Mapping[str, int]) -> Path:
    """Fetch those of the files that the cache lacks, in the order given. Returns the commit's folder."""
    hub_id, commit = reference.hub_id, reference.revision
    missing = [name for name in sizes if not isinstance(cached_path(hub_id, name, revision=commit), str)]
    if missing:
        source = f"{constants.ENDPOINT}/{hub_id} (revision {commit[:12]})"
        size_mb = sum(sizes[name] for name in missing) / 1e6
        names = ", ".join(missing)
        logger.info("downloading %s, %.1f MB, from %s to %s", names, size_mb, source, constants.HF_HUB_CACHE)
    paths = [hf_hub_download(hub_id, name, revision=commit) for name in sizes]
    return Path(paths[0]).parent


@contextmanager
def _files_only() -> Iterator[None]:
    """Nothing but the files is asked for.

    Left alone, the library asks the hub for a list of coding agents, to report which of them runs it, and
    moves large files over xet, a second service with a cache of its own.
    """
    names = ("HF_HUB_DISABLE_TELEMETRY", "HF_HUB_DISABLE_XET")
    before = {name: getattr(constants, name, False) for name in names}
    for name in names:
        setattr(constants, name, True)
    try:
        yield
    finally:
        for name in names:
            setattr(constants, name, before[name])


@contextmanager
def _errors_explained(reference: HubReference) -> Iterator[None]:
    """Whatever the library raises, as an error that says what to do."""
    model = f"model '{reference.name}'"
    page = f"{constants.ENDPOINT}/{reference.hub_id}"
    try:
        yield
    except GatedRepoError as error:
        hint = f"accept its terms at {page}, then put your access token into HF_TOKEN"
        raise DnabertSError(f"{model} is gated: only registered users may download it", hint=hint) from error
    except RepositoryNotFoundError as error:
        hint = "check the spelling; a private model needs your access token in HF_TOKEN"
        raise DnabertSError(f"{model} is not at {page}, or is private", hint=hint) from error
    except RevisionNotFoundError as error:
        hint = f"its branches, tags and commits are listed at {page}/commits/{constants.DEFAULT_REVISION}"
        raise DnabertSError(f"{model} has no revision '{reference.revision}'", hint=hint) from error
    except _TRANSFER_ERRORS as error:
        raise _transfer_error(reference, error) from error


def _transfer_error(reference: HubReference, error: BaseException) -> DnabertSError:
    """Tells a disk that is full or refuses from a network that is absent or broke off."""
    of_the_network = (ConnectionError, TimeoutError, LocalEntryNotFoundError)
    if isinstance(error, OSError) and error.errno is not None and not isinstance(error, of_the_network):
        hint = "set HF_HOME to a folder that you may write to and that has room for the model"
        return DnabertSError(f"cannot store the model: {error}", path=constants.HF_HUB_CACHE, hint=hint)
    cause = error.__cause__ if isinstance(error, LocalEntryNotFoundError) and error.__cause__ else error
    lines = str(cause).strip().splitlines() or [""]
    reason = f"fetching from {constants.ENDPOINT} failed ({type(cause).__name__}: {lines[0][:160]})"
    return _absent_error(reference, reason, remedy="run this again to fetch what is missing; or ")


def _absent_error(reference: HubReference, reason: str, *, remedy: str) -> DnabertSError:
    name = reference.name
    named = f"'{name}'" if name.startswith(reference.hub_id) else f"'{name}' ({reference.hub_id})"
    return DnabertSError(
        f"model {named} is not complete in {constants.HF_HUB_CACHE}, and {reason}",
        hint=f"{remedy}use --model {defaults.NO_DOWNLOAD_MODEL}, which needs no download; or run "
        f"`dnabert-s models pull {name}` on a machine with network and copy its HF_HOME folder here",
    )


def _is_of_the_family(snapshot: Path) -> bool:
    try:
        return _FAMILY_KEY in read_json_object(snapshot / "config.json")
    except DnabertSError:
        return False
