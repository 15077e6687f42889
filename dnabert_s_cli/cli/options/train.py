"""Options of `dnabert-s train` that say what is learned from what, in groups as `expand_flags` takes them."""

from __future__ import annotations

from dataclasses import dataclass
from pathlib import Path
from typing import TYPE_CHECKING, Annotated, Literal

import typer

from ... import defaults

if TYPE_CHECKING:
    from ...pipelines.train.config import DataConfig, ModelConfig, ObjectiveConfig

Views = Literal["same_species", "dropout", "double_strand", "mutate"]
LengthLaw = Literal["uniform", "log_uniform"]
ObjectiveName = Literal["weighted-simclr", "simclr"]

_DATA, _VIEWS, _MODEL, _LOSS = "Data", "Views", "Model", "Objective"
_RANDOM = "random"
_ALL, _NOTHING = "1", "0"  # of the steps


@dataclass(frozen=True, slots=True)
class DataFlags:
    """Which pairs, and how two views of each are made."""

    train: Annotated[
        Path,
        typer.Option(
            "--train",
            help="CSV of training pairs: two sequences and optionally a label per row, without a header.",
            show_default=False,
            rich_help_panel=_DATA,
        ),
    ]
    val: Annotated[
        Path | None,
        typer.Option("--val", help="CSV of pairs for the validation loss.", show_default=False, rich_help_panel=_DATA),
    ] = None
    labels: Annotated[
        Path | None,
        typer.Option(
            "--labels",
            help="TSV of labelled sequences (sequence, bin_id), for k-means ARI and nearest-neighbour accuracy.",
            show_default=False,
            rich_help_panel=_DATA,
        ),
    ] = None
    val_pairs: Annotated[
        int,
        typer.Option(
            "--val-pairs", min=0, help="Maximum number of pairs to use from --val. 0: all.", rich_help_panel=_DATA
        ),
    ] = defaults.VAL_PAIRS
    workers: Annotated[
        int, typer.Option("--workers", min=0, help="Threads that read pairs ahead. 0: none.", rich_help_panel=_DATA)
    ] = defaults.LOADER_WORKERS
    views: Annotated[
        Views,
        typer.Option(
            "--views",
            help="The two views: both sequences of a pair, or the first and itself, its other strand, or a mutant.",
            rich_help_panel=_VIEWS,
        ),
    ] = defaults.VIEWS
    min_view: Annotated[
        int | None,
        typer.Option(
            "--min-view",
            min=1,
            help="Minimum length of a random crop, in bases.",
            show_default="--max-view",
            rich_help_panel=_VIEWS,
        ),
    ] = None
    max_view: Annotated[
        int | None,
        typer.Option(
            "--max-view",
            min=1,
            help="Maximum length of a random crop, in bases.",
            show_default="no cropping",
            rich_help_panel=_VIEWS,
        ),
    ] = None
    length_law: Annotated[
        LengthLaw, typer.Option("--length-law", help="Distribution of crop lengths.", rich_help_panel=_VIEWS)
    ] = defaults.LENGTH_LAW
    random_strand: Annotated[
        bool,
        typer.Option(
            "--random-strand", help="Reverse-complement each view with probability 1/2.", rich_help_panel=_VIEWS
        ),
    ] = False
    substitutions: Annotated[
        float,
        typer.Option(
            "--substitutions",
            min=0.0,
            max=1.0,
            help="Substitutions per base (--views mutate).",
            rich_help_panel=_VIEWS,
        ),
    ] = defaults.SUBSTITUTION_RATE
    indels: Annotated[
        float,
        typer.Option(
            "--indels",
            min=0.0,
            max=1.0,
            help="Insertions and deletions per base (--views mutate).",
            rich_help_panel=_VIEWS,
        ),
    ] = defaults.INDEL_RATE
    indel_length: Annotated[
        float, typer.Option("--indel-length", min=1.0, help="Mean indel length, in bases.", rich_help_panel=_VIEWS)
    ] = defaults.MEAN_INDEL_BP

    def config(self) -> DataConfig:
        """The same for the pipeline."""
        from ...pipelines.train.config import DataConfig, ViewSpec

        views = ViewSpec(
            kind=self.views,
            min_bp=self.min_view,
            max_bp=self.max_view,
            length_law=self.length_law,
            random_strand=self.random_strand,
            substitution_rate=self.substitutions,
            indel_rate=self.indels,
            mean_indel_bp=self.indel_length,
        )
        val, labelled = (str(path) if path else None for path in (self.val, self.labels))
        return DataConfig(str(self.train), val, labelled, self.val_pairs, self.workers, views)


@dataclass(frozen=True, slots=True)
class ModelFlags:
    """What is trained."""

    base: Annotated[
        str | None,
        typer.Option(
            "--base",
            help="Model to start from: dnabert-2, dnabert-s, a hub id, or a folder.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None
    init: Annotated[
        Path | None,
        typer.Option(
            "--init",
            help="JSON with the sizes of a new model: a transformer or a k-mer network (see examples/).",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None
    tokenizer: Annotated[
        str | None,
        typer.Option(
            "--tokenizer",
            help="Tokenizer of a new transformer: new (trained on the pairs), a tokenizer.json, or a folder with one.",
            show_default=False,
            rich_help_panel=_MODEL,
        ),
    ] = None
    vocab_size: Annotated[
        int, typer.Option("--vocab-size", min=9, help="Vocabulary size of a new tokenizer.", rich_help_panel=_MODEL)
    ] = defaults.VOCAB_SIZE
    max_tokens: Annotated[
        int,
        typer.Option(
            "--max-tokens",
            min=3,
            help="Maximum tokens per sequence; longer sequences are truncated.",
            rich_help_panel=_MODEL,
        ),
    ] = defaults.MAX_TOKENS
    recompute: Annotated[
        bool,
        typer.Option(
            "--recompute",
            help="Recompute activations instead of storing them: less memory, a third slower.",
            rich_help_panel=_MODEL,
        ),
    ] = False

    def config(self) -> ModelConfig:
        """The same for the pipeline."""
        from ...pipelines.train.config import ModelConfig

        init = str(self.init) if self.init else None
        return ModelConfig(self.base, init, self.tokenizer, self.vocab_size, self.max_tokens, self.recompute)


@dataclass(frozen=True, slots=True)
class ObjectiveFlags:
    """The loss and its curriculum."""

    objective: Annotated[
        ObjectiveName,
        typer.Option(
            "--objective",
            help="Loss, in both phases. weighted-simclr gives more weight to hard negatives.",
            rich_help_panel=_LOSS,
        ),
    ] = defaults.OBJECTIVE
    temperature: Annotated[
        float,
        typer.Option(
            "--temperature", min=1e-4, help="Temperature of the loss, which divides each cosine.", rich_help_panel=_LOSS
        ),
    ] = defaults.TEMPERATURE
    curriculum: Annotated[
        str,
        typer.Option(
            "--curriculum",
            help="Share of the steps in phase I (clean views); the rest is phase II (mixed views).",
            rich_help_panel=_LOSS,
        ),
    ] = defaults.CURRICULUM
    no_mix: Annotated[bool, typer.Option("--no-mix", help="Stay in phase I (no mixing).", rich_help_panel=_LOSS)] = (
        False
    )
    no_curriculum: Annotated[
        bool, typer.Option("--no-curriculum", help="Stay in phase II (mixing from the start).", rich_help_panel=_LOSS)
    ] = False
    mix_layer: Annotated[
        str,
        typer.Option(
            "--mix-layer",
            help="Layer before which phase II mixes: random (drawn per step), or a number from 0 (i-Mix).",
            rich_help_panel=_LOSS,
        ),
    ] = defaults.MIX_LAYER
    projection: Annotated[
        int,
        typer.Option(
            "--projection",
            min=0,
            help="Output size of the projection head. 0: no head.",
            rich_help_panel=_LOSS,
        ),
    ] = defaults.PROJECTED_DIM

    def config(self) -> ObjectiveConfig:
        """The same for the pipeline."""
        from ...pipelines.train.config import ObjectiveConfig

        if self.no_mix and self.no_curriculum:
            raise typer.BadParameter("give either --no-mix or --no-curriculum")
        if self.mix_layer != _RANDOM and not self.mix_layer.isdecimal():
            raise typer.BadParameter(f"'{self.mix_layer}' is not a layer: use {_RANDOM} or a number from 0")
        curriculum = _ALL if self.no_mix else _NOTHING if self.no_curriculum else self.curriculum
        layer = None if self.mix_layer == _RANDOM else int(self.mix_layer)
        return ObjectiveConfig(self.objective, self.temperature, curriculum, layer, self.projection)
