"""`embed` by several: one shard of the records alone, or all shards by processes that work together.

Lengths of all records -> shares of nearly equal work -> each process embeds its own into a table of its own, with a
state to resume from -> the first process waits for all of them and joins them. Processes meet only to agree on the
shares, and fail together until then; after that they share nothing but the folder of the output.
"""

from __future__ import annotations

import logging
import time
from collections.abc import Sequence
from contextlib import ExitStack
from dataclasses import dataclass, replace
from pathlib import Path

from ...encoders.devices import resolve_device
from ...encoders.embedder import Encoder
from ...errors import DnabertSError
from ...io.embeddings.reading import EmbeddingWriter, read_part, whole_of
from ...io.sequences import InputSummary
from ...threads import usable_cores
from ...training.processes.agreement import SharedError, from_first, held_error, launcher_is_gone, raise_in_all
from ...training.processes.distributed import World, leave_world, meet_others, own_device
from ...training.processes.environment import local_processes
from ..progress import Progress
from ..run_record import Run
from ..vectors.chunks import ChunkCounter, Share, share_out
from ..vectors.encoding import EncoderOptions
from ..vectors.inputs import SequenceInput, input_facts
from .merge import append_parts
from .recipe import EmbedReport, TableOptions, append_records, embedding_settings, start_run

logger = logging.getLogger(__name__)

_LOOK_EVERY_S = 0.1
_PART_FORMAT = "npy"


@dataclass(frozen=True, slots=True)
class Plan:
    """What all processes know: the input, who embeds what, and the folder for their parts (None: no need of it)."""

    summary: InputSummary
    shares: tuple[Share, ...]
    folder: Path | None = None

    def part_path(self, index: int) -> Path:
        """Table of a part."""
        assert self.folder is not None, "asked for only where parts are made"
        return self.folder / f"part-{index}-of-{len(self.shares)}.npy"


def embed_shard(
    source: SequenceInput,
    output: Path,
    *,
    shard: tuple[int, int],
    options: EncoderOptions,
    writing: TableOptions,
    argv: Sequence[str] = (),
    progress: Progress,
) -> EmbedReport:
    """Embed shard i of n into the table `output`, a .npy that `merge` joins with the others.

    Raises:
        DnabertSError: as of `embed`; or standard input, which no two jobs can read, or another format.
    """
    if (writing.table_format or output.suffix.removeprefix(".")) != _PART_FORMAT:
        hint = "let the name end in .npy; `merge` makes every format of all shards"
        raise DnabertSError("a shard is a .npy", path=output, hint=hint)
    run = start_run("embed", source, output=output, options=options, writing=writing, argv=argv, shard=shard)
    encoder = options.open()
    settings = {**embedding_settings(encoder, source), "shard": f"{shard[0]}/{shard[1]}"}
    with EmbeddingWriter(
        output,
        dim=encoder.dim,
        settings=settings,
        resume=writing.resume,
        force=writing.force,
        table_format=_PART_FORMAT,
    ) as writer:
        plan = _make_plan(source, shard[1])
        share = plan.shares[shard[0]]
        _append_part(writer, source, plan=plan, share=share, encoder=encoder, run=run, progress=progress)
    return EmbedReport(share.shard.n_records, share.n_bp, encoder.dim, run.seconds)


def embed_together(
    source: SequenceInput,
    output: Path,
    *,
    options: EncoderOptions,
    writing: TableOptions,
    argv: Sequence[str] = (),
    progress: Progress,
) -> EmbedReport | None:
    """The part of one process in what `embed` does; the first one joins all parts, the others return None.

    Raises:
        DnabertSError: as of `embed`; an error that all could meet is raised in the first process only.
    """
    run = start_run("embed", source, output=output, options=options, writing=writing, argv=argv)
    world = meet_others()
    if not world.is_first:
        logging.getLogger(__name__.partition(".")[0]).setLevel(logging.ERROR)
    threads = max((options.threads or usable_cores()) // local_processes(), 1)
    watched = _Watched(progress)
    with ExitStack() as files:
        try:
            how = replace(options, threads=threads)
            encoder, plan, whole = _begin(source, output, options=how, writing=writing, world=world, files=files)
        except SharedError:
            return None
        finally:
            leave_world(world)
        if plan.folder is not None:
            _embed_own_part(source, plan, index=world.rank, encoder=encoder, run=run, progress=watched)
        if whole is None:
            return None
        if plan.folder is not None:
            _join_parts(whole, plan, progress=watched)
        report = EmbedReport(plan.summary.n_records, plan.summary.total_bp, encoder.dim, run.seconds)
        whole.finish(_describe(run, source, plan=plan, encoder=encoder))
    return report


def _begin(
    source: SequenceInput,
    output: Path,
    *,
    options: EncoderOptions,
    writing: TableOptions,
    world: World,
    files: ExitStack,
) -> tuple[Encoder, Plan, EmbeddingWriter | None]:
    """Encoder and plan in every process, the table to write in the first one."""
    encoder: Encoder | None = None
    plan: Plan | None = None
    whole: EmbeddingWriter | None = None
    with held_error() as held:
        device = own_device(resolve_device(options.device))
        encoder = replace(options, device=str(device)).open()
        if world.is_first:
            whole = EmbeddingWriter(
                output,
                dim=encoder.dim,
                settings={**embedding_settings(encoder, source), "processes": world.size},
                resume=writing.resume,
                force=writing.force,
                table_format=writing.table_format,
            )
            files.enter_context(whole)
            plan = _make_plan(source, world.size)
            if not whole.is_complete:
                whole.parts_path.mkdir(exist_ok=True)
                plan = replace(plan, folder=whole.parts_path)
    raise_in_all(held.error, world)
    plan = from_first(plan, world)
    assert encoder is not None, "errors have been raised"
    assert plan is not None, "the first process has made it"
    return encoder, plan, whole


def _make_plan(source: SequenceInput, n_shares: int) -> Plan:
    """Read and check all input, and share it out."""
    chunks = ChunkCounter()
    summary = source.scan(on_records=lambda records: chunks.add(len(one.sequence) for one in records))
    if summary is None:
        hint = "write it to a file first, compressed if you like"
        raise DnabertSError("can be read only once, so it cannot be divided", path="-", hint=hint)
    return Plan(summary, tuple(share_out(chunks, n_shares)))


def _embed_own_part(
    source: SequenceInput, plan: Plan, *, index: int, encoder: Encoder, run: Run, progress: Progress
) -> None:
    """Make the part of this process, unless an earlier run has finished it."""
    path, share = plan.part_path(index), plan.shares[index]
    if path.is_file():
        return
    settings = {**embedding_settings(encoder, source), "shard": str(share.shard)}
    with EmbeddingWriter(path, dim=encoder.dim, settings=settings, resume=True, force=False) as writer:
        _append_part(writer, source, plan=plan, share=share, encoder=encoder, run=run, progress=progress)


def _append_part(
    writer: EmbeddingWriter,
    source: SequenceInput,
    *,
    plan: Plan,
    share: Share,
    encoder: Encoder,
    run: Run,
    progress: Progress,
) -> None:
    """Embed a share and finish its table."""
    where = f"shard {share.shard}"
    logger.info("%s: records from %d, %d of %d", where, share.shard.first_record + 1, *_counts(share))
    progress.start(f"embedding {where}", share.n_bp, unit="bp")
    append_records(writer, source, encoder=encoder, share=share, progress=progress)
    writer.finish({**_describe(run, source, plan=plan, encoder=encoder), "shard": share.shard.to_json()})


def _counts(share: Share) -> tuple[int, int]:
    return share.shard.n_records, share.shard.total_records


def _join_parts(whole: EmbeddingWriter, plan: Plan, *, progress: Progress) -> None:
    """Wait for the other processes' parts, and append all to the table."""
    paths = [plan.part_path(index) for index in range(len(plan.shares))]
    progress.start("waiting for the other processes", None, unit="processes")
    while not all(path.is_file() for path in paths):
        progress.advance(0)
        time.sleep(_LOOK_EVERY_S)
    append_parts(whole, whole_of([read_part(path) for path in paths]), progress=progress)


def _describe(run: Run, source: SequenceInput, *, plan: Plan, encoder: Encoder) -> dict[str, object]:
    inputs, settings = input_facts(source, plan.summary), embedding_settings(encoder, source)
    return run.describe(inputs=inputs, settings=settings, encoder=encoder.describe())


@dataclass(frozen=True, slots=True)
class _Watched:
    """Progress that ends this process when the one that started it was killed: nobody else would."""

    shown: Progress

    def start(self, stage: str, total: int | None, *, unit: str) -> None:
        """A stage begins."""
        self.shown.start(stage, total, unit=unit)

    def advance(self, amount: int) -> None:
        """So much more is done."""
        if launcher_is_gone():
            raise DnabertSError("the process that started this one has ended", hint="continue with --resume")
        if amount:
            self.shown.advance(amount)
