"""`models` and `doctor`: what can be opened here, and what this machine has.

Names, folders and caches in; rows of words out, for the command line to lay out.
"""

from __future__ import annotations

from dataclasses import dataclass

from .. import defaults
from ..encoders.devices import hardware_facts
from ..encoders.hub import cached_models, pull_model
from ..encoders.loader import builtin_models, default_model, load_encoder

Fact = tuple[str, str]  # what, and how it is here


@dataclass(frozen=True, slots=True)
class ListedModel:
    """A line of `models list`: where the model is, and its size in MB (0 where nothing is stored)."""

    name: str
    source: str
    state: str
    size_mb: float


def list_models() -> list[ListedModel]:
    """Built-in encoders, the published ones and whatever else of their family is cached."""
    rows = [ListedModel(name, "built in", "ready", 0.0) for name in builtin_models()]
    for model in cached_models():
        state = "ready" if model.is_complete else "not downloaded" if not model.size_bytes else "incomplete"
        rows.append(ListedModel(model.name, f"{model.hub_id}@{model.revision[:12]}", state, model.size_bytes / 1e6))
    return rows


def pull(model: str) -> Fact:
    """Download a model of the hub, if it is not here already; its name and folder."""
    located = pull_model(model)
    return located.name, str(located.path)


def model_facts(model: str | None, *, device: str, dtype: str) -> list[Fact]:
    """Open a model and say what it is."""
    encoder = load_encoder(model, device, dtype)
    return [(name.replace("_", " "), str(value)) for name, value in encoder.describe().items()]


def machine_facts() -> list[Fact]:
    """Hardware, versions, caches, and what a command without options would use."""
    default = default_model()
    ready = {model.name for model in list_models() if model.state == "ready"}
    state = "ready" if default in ready else f"downloaded at first use; {defaults.NO_DOWNLOAD_MODEL} needs no download"
    return [*hardware_facts(), ("default model", f"{default} ({state})")]
