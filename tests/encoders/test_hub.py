"""hub.py against a hub on this machine, each look-up in a process of its own with its own cache."""

from __future__ import annotations

import json
import socket
import time
from pathlib import Path
from typing import Any

import pytest

from dnabert_s_cli import defaults
from dnabert_s_cli.encoders.hub import PINNED_REVISIONS, parse_reference
from dnabert_s_cli.errors import DnabertSError
from tests.hub_server import HubServer

HUB_ID = "zhihan1996/DNABERT-S"
PINNED = PINNED_REVISIONS[HUB_ID]
OTHER = "someone/tuned"
FIRST, SECOND = "1" * 40, "2" * 40
FILES = ("config.json", "tokenizer.json", "tokenizer_config.json", "model.safetensors")

# Calls one function of hub.py and prints what it returns, or the error, as JSON. The library's pauses between
# attempts are cut short.
PROGRAM = """
import json, logging, sys, time
from dataclasses import asdict
from dnabert_s_cli.encoders import hub
from dnabert_s_cli.errors import DnabertSError
logging.getLogger("dnabert_s_cli").setLevel(logging.INFO)
logging.getLogger("dnabert_s_cli").addHandler(logging.StreamHandler(sys.stderr))
if {quick}: time.sleep = lambda seconds: None
try:
    result = hub.{call}
    found = [asdict(one) for one in result] if isinstance(result, tuple) else asdict(result)
except DnabertSError as error:
    found = {{"problem": str(error), "hint": error.hint}}
print(json.dumps(found, default=str))
"""


def call(hub: HubServer, home: Path, expression: str, *, quick: bool = True, **environment: str) -> Any:
    """What the call returns, as the program prints it."""
    done = hub.run(PROGRAM.format(call=expression, quick=quick), home, **environment)
    assert done.returncode == 0, done.stderr
    return json.loads(done.stdout)


def models(hub: HubServer, home: Path) -> dict[str, dict[str, object]]:
    """What `models list` would show, by name."""
    return {one["name"]: one for one in call(hub, home, "cached_models()")}


@pytest.fixture
def repository(tmp_path: Path) -> Path:
    """The files of a repository as upstream's: both kinds of weights, Python code, a README."""
    folder = tmp_path / "repository"
    folder.mkdir()
    (folder / "config.json").write_text('{"alibi_starting_size": 512}')
    (folder / "tokenizer.json").write_text("{}")
    (folder / "tokenizer_config.json").write_text('{"pad_token": "[PAD]"}')
    (folder / "model.safetensors").write_bytes(bytes(range(256)) * 400)
    (folder / "pytorch_model.bin").write_bytes(b"pickle" * 1000)
    (folder / "bert_layers.py").write_text("raise SystemExit")
    (folder / "README.md").write_text("# A model")
    return folder


@pytest.fixture
def home(tmp_path: Path) -> Path:
    """HF_HOME, empty."""
    return tmp_path / "hf_home"


def refused_port() -> int:
    """A port at which nothing listens."""
    with socket.socket() as listener:
        listener.bind(("127.0.0.1", 0))
        return int(listener.getsockname()[1])


def test_alias_is_fetched_at_its_pinned_revision(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(HUB_ID, repository, commit=PINNED)
    found = call(hub_server, home, "locate_model('dnabert-s')")
    assert (found["name"], found["revision"]) == ("dnabert-s", PINNED)
    weights = Path(found["path"]) / "model.safetensors"
    assert weights.read_bytes() == (repository / "model.safetensors").read_bytes()


def test_only_the_named_files_are_requested(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(HUB_ID, repository, commit=PINNED)
    call(hub_server, home, "locate_model('dnabert-s')", AGENT="some-agent")
    assert sorted(hub_server.fetched()) == sorted(FILES)
    listings = [line for line in hub_server.requests if "/resolve/" not in line and "/large" not in line]
    assert listings == [f"GET /api/models/{HUB_ID}/revision/{PINNED}"]


def test_bin_weights_are_fetched_where_there_are_no_safetensors(
    hub_server: HubServer, repository: Path, home: Path
) -> None:
    (repository / "model.safetensors").unlink()
    hub_server.publish(HUB_ID, repository, commit=PINNED)
    found = call(hub_server, home, "locate_model('dnabert-s')")
    assert (Path(found["path"]) / "pytorch_model.bin").is_file()


def test_cached_pinned_model_needs_no_request(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(HUB_ID, repository, commit=PINNED)
    fetched = call(hub_server, home, "locate_model('dnabert-s')")
    hub_server.requests.clear()
    assert call(hub_server, home, f"locate_model('{HUB_ID}')") == fetched
    assert call(hub_server, home, "pull_model('dnabert-s')") == fetched
    assert hub_server.requests == []


def test_cached_model_opens_offline(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(OTHER, repository, commit=FIRST)
    fetched = call(hub_server, home, f"locate_model('{OTHER}')")
    assert call(hub_server, home, f"locate_model('{OTHER}')", HF_HUB_OFFLINE="1") == fetched


def test_pull_fetches_the_newest_commit_of_a_branch(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(OTHER, repository, commit=FIRST)
    call(hub_server, home, f"locate_model('{OTHER}')")
    hub_server.publish(OTHER, repository, commit=SECOND)
    assert call(hub_server, home, f"locate_model('{OTHER}')")["revision"] == FIRST
    assert call(hub_server, home, f"pull_model('{OTHER}')")["revision"] == SECOND
    assert call(hub_server, home, f"locate_model('{OTHER}')")["revision"] == SECOND


def test_named_revision_is_fetched(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(OTHER, repository, commit=FIRST, branch="v1")
    found = call(hub_server, home, f"locate_model('{OTHER}@v1')")
    assert (found["name"], found["revision"]) == (f"{OTHER}@v1", FIRST)


def test_download_is_announced_in_one_line(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(HUB_ID, repository, commit=PINNED)
    program = PROGRAM.format(call="locate_model('dnabert-s')", quick=True)
    lines = hub_server.run(program, home).stderr.splitlines()
    expected = f"downloading {', '.join(FILES)}, 0.1 MB, from {hub_server.url}/{HUB_ID} (revision {PINNED[:12]})"
    assert lines == [f"{expected} to {home / 'hub'}"]


def test_refused_connection_fails_within_seconds(hub_server: HubServer, home: Path) -> None:
    endpoint = f"http://127.0.0.1:{refused_port()}"
    started = time.monotonic()
    found = call(hub_server, home, "locate_model('dnabert-s')", quick=False, HF_ENDPOINT=endpoint)
    assert time.monotonic() - started < 10  # with the retries of the library it would be 24 or more
    assert "model 'dnabert-s' (zhihan1996/DNABERT-S)" in found["problem"]
    assert endpoint in found["problem"]


def test_unreachable_model_has_a_way_out(hub_server: HubServer, home: Path) -> None:
    endpoint = f"http://127.0.0.1:{refused_port()}"
    hint = call(hub_server, home, "locate_model('dnabert-s')", HF_ENDPOINT=endpoint)["hint"]
    assert f"--model {defaults.NO_DOWNLOAD_MODEL}" in hint
    assert "dnabert-s models pull dnabert-s" in hint
    assert "HF_HOME" in hint


def test_offline_and_not_cached(hub_server: HubServer, home: Path) -> None:
    found = call(hub_server, home, "locate_model('dnabert-2')", HF_HUB_OFFLINE="1")
    assert "HF_HUB_OFFLINE is set" in found["problem"]
    assert found["hint"].startswith("unset HF_HUB_OFFLINE")
    assert hub_server.requests == []


def test_repository_not_found(hub_server: HubServer, home: Path) -> None:
    found = call(hub_server, home, f"locate_model('{OTHER}')")
    assert found["problem"] == f"model '{OTHER}' is not at {hub_server.url}/{OTHER}, or is private"
    assert "HF_TOKEN" in found["hint"]


def test_gated_repository(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(OTHER, repository, commit=FIRST)
    hub_server.refusals[OTHER] = (403, "GatedRepo")
    found = call(hub_server, home, f"locate_model('{OTHER}')")
    assert found["problem"] == f"model '{OTHER}' is gated: only registered users may download it"
    assert f"{hub_server.url}/{OTHER}" in found["hint"]


def test_unknown_revision(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(OTHER, repository, commit=FIRST)
    found = call(hub_server, home, f"locate_model('{OTHER}@v9')")
    assert found["problem"] == f"model '{OTHER}@v9' has no revision 'v9'"


def test_failing_hub_is_not_asked_again_and_again(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(OTHER, repository, commit=FIRST)
    hub_server.refusals[OTHER] = (503, "")
    assert "503" in call(hub_server, home, f"locate_model('{OTHER}')")["problem"]
    assert len(hub_server.requests) == 1


@pytest.mark.parametrize("absent", ["config.json", "tokenizer.json"])
def test_repository_that_is_no_model(hub_server: HubServer, repository: Path, home: Path, absent: str) -> None:
    (repository / absent).unlink()
    hub_server.publish(OTHER, repository, commit=FIRST)
    found = call(hub_server, home, f"locate_model('{OTHER}')")
    assert found["problem"].endswith(f"not a model this tool can open: its repository has no {absent}")
    assert f"hf:{OTHER}" in found["hint"]


def test_repository_without_weights(hub_server: HubServer, repository: Path, home: Path) -> None:
    (repository / "model.safetensors").unlink()
    (repository / "pytorch_model.bin").unlink()
    hub_server.publish(OTHER, repository, commit=FIRST)
    problem = call(hub_server, home, f"locate_model('{OTHER}')")["problem"]
    assert problem.endswith("its repository has no model.safetensors or pytorch_model.bin")


def test_transfer_cut_for_good_is_an_error_and_the_next_run_ends_right(
    hub_server: HubServer, repository: Path, home: Path
) -> None:
    hub_server.publish(HUB_ID, repository, commit=PINNED)
    hub_server.cuts["model.safetensors"] = 1000
    broken = call(hub_server, home, "locate_model('dnabert-s')")
    assert f"fetching from {hub_server.url} failed" in broken["problem"]
    assert broken["hint"].startswith("run this again")
    assert not models(hub_server, home)["dnabert-s"]["is_complete"]
    hub_server.cuts.clear()
    found = call(hub_server, home, "locate_model('dnabert-s')")
    weights = Path(found["path"]) / "model.safetensors"
    assert weights.read_bytes() == (repository / "model.safetensors").read_bytes()


def test_unwritable_cache_is_not_blamed_on_the_network(hub_server: HubServer, repository: Path, tmp_path: Path) -> None:
    hub_server.publish(HUB_ID, repository, commit=PINNED)
    home = tmp_path / "a file"
    home.write_text("")
    found = call(hub_server, home, "locate_model('dnabert-s')")
    assert found["problem"].startswith(f"{home / 'hub'}: cannot store the model")


def test_list_shows_aliases_that_are_not_cached(hub_server: HubServer, home: Path) -> None:
    listed = models(hub_server, home)
    assert list(listed) == ["dnabert-s", "dnabert-2"]
    assert listed["dnabert-s"] == {
        "name": "dnabert-s",
        "hub_id": HUB_ID,
        "revision": PINNED,
        "size_bytes": 0,
        "is_complete": False,
    }


def test_list_shows_other_cached_models_of_the_family(hub_server: HubServer, repository: Path, home: Path) -> None:
    hub_server.publish(OTHER, repository, commit=FIRST)
    path = Path(call(hub_server, home, f"locate_model('{OTHER}')")["path"])
    listed = models(hub_server, home)[OTHER]
    assert listed["is_complete"]
    assert listed["size_bytes"] == sum(file.stat().st_size for file in path.iterdir())


@pytest.mark.parametrize("name", ["dnabert-x", "", "a/b/c", "../etc", "a/..", "a b/c", "a/b@", "a/b@../../c", "-a/b"])
def test_what_cannot_be_a_model_name_is_refused(name: str) -> None:
    with pytest.raises(DnabertSError, match="there is no model called") as caught:
        parse_reference(name)
    assert "dnabert-s, dnabert-2, kmer-s" in str(caught.value.hint)


@pytest.mark.parametrize("name", ["dnabert-s", "dnabert-2", OTHER, f"{OTHER}@v1", f"{HUB_ID}@main"])
def test_a_reference_is_named_as_it_was_asked_for(name: str) -> None:
    assert parse_reference(name).name == name
