"""The README.md of a checkpoint: what the model is, what it learned from, how, and how good it was.

Configuration, state of the run and what only the caller knows (command, version, size of the data) -> Markdown.
"""

from __future__ import annotations

from dataclasses import dataclass

from ..config import TrainConfig
from ..evaluation import describe_metrics
from ..run.checkpoint import TrainState
from ..schedule import Curriculum


@dataclass(frozen=True, slots=True)
class CardFacts:
    """What a model card says in addition to configuration and state.

    Args:
        command: the command line.
        version: of this software.
        n_pairs: training pairs in the file.
        train_digest: fingerprint of the training pairs.
        n_parameters: of the encoder.
    """

    command: str
    version: str
    n_pairs: int
    train_digest: str
    n_parameters: int


def model_card(  # noqa: PLR0917  the state comes last: it alone changes during a run
    config: TrainConfig, facts: CardFacts, curriculum: Curriculum, state: TrainState
) -> str:
    """Markdown with the metadata block that the Hugging Face hub reads."""
    rows = [*_origin(config, facts), *_method(config), ("curriculum", curriculum.describe())]
    rows += [
        ("trained", f"{state.step:,} of {curriculum.n_steps:,} steps, {state.n_tokens:,} tokens"),
        ("measured", describe_metrics(state.metrics) or "not measured"),
        ("made by", f"dnabert-s {facts.version}"),
    ]
    table = "\n".join(f"| {name} | {value} |" for name, value in rows)
    return f"""---
library_name: dnabert-s
tags: [DNA, metagenomics, embeddings]
---

# DNA encoder, step {state.step:,}

Turns DNA sequences into vectors that lie close together for sequences of one species. Trained by the contrastive
curriculum of DNABERT-S (Zhou et al. 2024, arXiv 2402.08777).

| | |
|---|---|
{table}

```bash
dnabert-s embed sequences.fa --model THIS_FOLDER -o embeddings.npy
```

The command that made it:

```bash
{facts.command}
```

Every setting is in `train_config.json`. `head.safetensors`, `optimiser.pt` and `training_state.json` serve only to
continue the training (`--resume`).
"""


def _origin(config: TrainConfig, facts: CardFacts) -> list[tuple[str, str]]:
    """Rows on what the model started from, and what it saw."""
    start = f"from `{config.model.base}`" if config.model.base else f"new, with the sizes in `{config.model.init}`"
    return [
        ("started", start),
        ("encoder", f"{facts.n_parameters:,} parameters"),
        ("pairs", f"`{config.data.train}`, {facts.n_pairs:,} pairs, digest {facts.train_digest}"),
        ("views", config.data.views.kind),
    ]


def _method(config: TrainConfig) -> list[tuple[str, str]]:
    """Rows on loss and optimiser."""
    objective, optimiser = config.objective, config.optimiser
    mixing = "a random layer" if objective.mix_layer is None else f"layer {objective.mix_layer}"
    return [
        ("objective", f"{objective.name}, temperature {objective.temperature:g}; phase II mixes before {mixing}"),
        ("optimiser", f"{optimiser.name}, learning rate {optimiser.lr:g}, head x {optimiser.head_lr_factor:g}"),
        ("batch", f"{optimiser.batch_pairs} pairs, {optimiser.accumulate} a step"),
    ]
