"""Folders of k-mer models, the built-in ones among them: written after training, found by name, opened.

config.json and model.safetensors -> checked config and weights -> a `KmerEncoder`. Matrices may lie in half precision;
they are used in float32. What is saved twice from the same network is the same bytes.
"""

from __future__ import annotations

import json
from pathlib import Path

import torch
from torch import Tensor

from ... import defaults
from ...errors import DnabertSError
from ...untrusted import read_json_object
from ..dnabert.folder import CONFIG_FILE, hash_files
from ..tensor_files import write_tensors
from ..weight_files import read_weights
from .config import MODEL_TYPE, KmerNetworkConfig
from .encoder import KmerEncoder
from .network import KmerNetwork

WEIGHTS_FILE = "model.safetensors"
BUILT_IN_WEIGHTS = Path(__file__).parent.parent / "weights"

_STEPS_OF_NORM = "num_batches_tracked"  # counted by batch normalisation, needed by nothing


def find_kmer_folder(name: str) -> Path | None:
    """The folder of a built-in model, or the one named, if it holds a k-mer model; None for anything else."""
    if name in built_in_names():
        return BUILT_IN_WEIGHTS / name
    folder = Path(name).expanduser()
    return folder if _model_type(folder) == MODEL_TYPE else None


def built_in_names() -> tuple[str, ...]:
    """Names of the trained models that come with the package, in order of the alphabet."""
    return tuple(sorted(path.parent.name for path in BUILT_IN_WEIGHTS.glob(f"*/{CONFIG_FILE}")))


def open_kmer_folder(folder: Path, *, name: str, threads: int = 1, strand: str = defaults.STRAND) -> KmerEncoder:
    """Check and build the encoder in `folder`.

    Raises:
        DnabertSError: a file is missing, damaged or does not fit the other.
    """
    network = load_kmer_network(folder)
    return KmerEncoder(name, hash_files([folder / CONFIG_FILE, folder / WEIGHTS_FILE]), network, threads, strand)


def load_kmer_network(folder: Path) -> KmerNetwork:
    """The network in `folder`, in evaluation mode, float32 on the CPU.

    Raises:
        DnabertSError: a file is missing, damaged or does not fit the other.
    """
    missing = [name for name in (CONFIG_FILE, WEIGHTS_FILE) if not (folder / name).is_file()]
    if missing:
        raise DnabertSError(f"not a k-mer model: {', '.join(missing)} missing", path=folder)
    config_path, weights_path = folder / CONFIG_FILE, folder / WEIGHTS_FILE
    with torch.device("meta"):
        network = KmerNetwork(KmerNetworkConfig.from_json(read_json_object(config_path), path=str(config_path)))
    weights = {name: one.float() for name, one in read_weights(weights_path).items()}
    _check_weights(weights, network, path=weights_path)
    steps = {name: torch.tensor(0) for name in network.state_dict() if name.endswith(_STEPS_OF_NORM)}
    network.load_state_dict({**weights, **steps}, assign=True)
    return network.eval()


def save_kmer_model(folder: Path, network: KmerNetwork, *, half: bool = True) -> None:
    """Write the network and its config into `folder`, which is made if it is not there.

    Args:
        half: matrices in float16; vectors (biases, means, variances) always stay float32.
    """
    folder.mkdir(parents=True, exist_ok=True)
    weights = {
        name: one.detach().to("cpu", torch.float16 if half and one.dim() > 1 else torch.float32).contiguous()
        for name, one in network.state_dict().items()
        if not name.endswith(_STEPS_OF_NORM)
    }
    write_tensors(folder / WEIGHTS_FILE, weights)
    (folder / CONFIG_FILE).write_text(json.dumps(network.config.to_json(), indent=2) + "\n", encoding="utf-8")


def _check_weights(weights: dict[str, Tensor], network: KmerNetwork, *, path: Path) -> None:
    """Raise a `DnabertSError` unless the tensors are exactly the network's, and finite."""
    expected = {name: one for name, one in network.state_dict().items() if not name.endswith(_STEPS_OF_NORM)}
    for what, names in (("lacks", expected.keys() - weights.keys()), ("has unknown", weights.keys() - expected.keys())):
        if names:
            raise DnabertSError(f"{what} '{min(names)}': not the network of config.json", path=path)
    for name, one in expected.items():
        found = weights[name]
        if found.shape != one.shape:
            shapes = f"{tuple(found.shape)}, config.json asks for {tuple(one.shape)}"
            raise DnabertSError(f"'{name}' has shape {shapes}", path=path)
        if not found.isfinite().all():
            raise DnabertSError(f"'{name}' holds numbers that are not finite", path=path)


def _model_type(folder: Path) -> object:
    """What config.json calls the model; None where there is none to be read."""
    path = folder / CONFIG_FILE
    try:
        return read_json_object(path).get("model_type")
    except DnabertSError:  # whoever opens the folder reports it
        return None
