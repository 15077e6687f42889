"""Small random models that transformers itself saves, and their vectors by transformers alone."""

from __future__ import annotations

import itertools
import json
from functools import cache
from pathlib import Path
from typing import Any

import numpy as np
import torch
import transformers
from transformers import BertConfig, BertModel, BertTokenizer, EsmConfig, EsmModel, EsmTokenizer

from dnabert_s_cli.encoders.embedder import Embedder
from dnabert_s_cli.encoders.stock import StockBackbone, load_stock_backbone

CONTEXT = 32  # tokens, special ones included


def dna(length: int, seed: int = 0) -> str:
    """Random DNA."""
    return "".join(np.random.default_rng(seed).choice(list("ACGT"), length))


def load(
    folder: Path,
    *,
    dtype: torch.dtype = torch.float32,
    batch_tokens: int = 500,
    trust_remote_code: bool = False,
) -> Embedder:
    """The encoder of a folder, on the CPU."""
    cpu = torch.device("cpu")
    opened = load_stock_backbone(f"hf:{folder}", device=cpu, dtype=dtype, trust_remote_code=trust_remote_code)
    return Embedder(opened, batch_tokens=batch_tokens)


def backbone(encoder: Embedder) -> StockBackbone:
    """The model inside an encoder."""
    assert isinstance(encoder.backbone, StockBackbone)
    return encoder.backbone


def save_dnabert(folder: Path) -> Path:
    """A model like DNABERT with 3-mers: BERT, overlapping k-mers, absolute positions."""
    kmers = ["".join(letters) for letters in itertools.product("ACGT", repeat=3)]
    words = ["[PAD]", "[UNK]", "[CLS]", "[SEP]", "[MASK]", *kmers]
    (folder / "vocab.txt").write_text("\n".join(words) + "\n")
    BertTokenizer.from_pretrained(folder, do_lower_case=False).save_pretrained(folder)
    torch.manual_seed(0)
    config = BertConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=CONTEXT,
    )
    BertModel(config).save_pretrained(folder)
    return folder


def save_nucleotide_transformer(folder: Path) -> Path:
    """A model like the nucleotide transformers: ESM, 2-mers side by side and single letters, no token at the end."""
    pairs = ["".join(letters) for letters in itertools.product("ACGT", repeat=2)]
    words = ["<unk>", "<pad>", "<mask>", "<cls>", *pairs, *"ATCGN"]
    (folder / "words.txt").write_text("\n".join(words))
    tokenizer: Any = EsmTokenizer
    tokenizer = tokenizer(str(folder / "words.txt"), eos_token=None, model_max_length=CONTEXT)
    tokenizer.save_pretrained(folder)
    torch.manual_seed(1)
    config = EsmConfig(
        vocab_size=len(words),
        hidden_size=32,
        num_hidden_layers=2,
        num_attention_heads=2,
        intermediate_size=64,
        max_position_embeddings=CONTEXT + 2,
        pad_token_id=1,
        mask_token_id=2,
        token_dropout=True,
        emb_layer_norm_before=False,
    )
    EsmModel(config, add_pooling_layer=False).save_pretrained(folder)
    return folder


@cache
def plain(folder: Path) -> tuple[Any, Any]:
    """Tokenizer and model by transformers alone."""
    tokenizer = transformers.AutoTokenizer.from_pretrained(folder)
    return tokenizer, transformers.AutoModel.from_pretrained(folder).eval()


def plain_mean(folder: Path, text: str) -> np.ndarray:
    """The vector of one sequence by transformers alone."""
    tokenizer, model = plain(folder)
    with torch.inference_mode():
        hidden = model(**tokenizer(text, return_tensors="pt")).last_hidden_state
    vector: np.ndarray = hidden[0].mean(dim=0).numpy()
    return vector


def spaced_kmers(sequence: str) -> str:
    """DNABERT's input: overlapping 3-mers with blanks between."""
    return " ".join(sequence[start : start + 3] for start in range(len(sequence) - 2))


def save_with_code(folder: Path, *, when_built: str = "", when_run: str = "") -> Path:
    """A model that brings its own code, with statements of one line that run when it is built, and in `forward`."""
    config = json.loads((save_dnabert(folder) / "config.json").read_text())
    config["model_type"] = "never_heard_of"
    config["auto_map"] = {"AutoConfig": "own_code.OwnConfig", "AutoModel": "own_code.OwnModel"}
    (folder / "config.json").write_text(json.dumps(config))
    (folder / "own_code.py").write_text(
        "from transformers import BertConfig, BertModel\n"
        "class OwnConfig(BertConfig):\n    model_type = 'never_heard_of'\n"
        "class OwnModel(BertModel):\n    config_class = OwnConfig\n"
        f"    def __init__(self, config):\n        super().__init__(config)\n        {when_built or 'pass'}\n"
        "    def forward(self, input_ids=None, attention_mask=None):\n"
        f"        {when_run or 'pass'}\n"
        "        return super().forward(input_ids=input_ids, attention_mask=attention_mask)\n"
    )
    return folder
