"""Models against sets, whole."""

from __future__ import annotations

import json
from pathlib import Path

import pytest

from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.pipelines.evaluate.protocols import BINNING, CLASSIFICATION, CLUSTERING, ProtocolOptions
from dnabert_s_cli.pipelines.evaluate.recipe import Evaluation, EvaluationReport, evaluate_models
from dnabert_s_cli.pipelines.evaluate.sets import FoundSets, find_sets, named_sets
from dnabert_s_cli.pipelines.evaluate.systems import PAPER, SOUND, parse_models
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.vectors.encoding import EncoderOptions
from dnabert_s_cli.reports.plots import can_draw

from .data import write_set, write_upstream_layout

TASKS = (CLUSTERING, CLASSIFICATION, BINNING)
OPTIONS = ProtocolOptions(n_seeds=2, shots=(1, 2), most_tests=4, threads=1)


def evaluation(sets: FoundSets, models: str, *protocols: str, tasks: tuple[str, ...] = TASKS) -> Evaluation:
    return Evaluation(tasks, parse_models(models), sets, protocols, OPTIONS, EncoderOptions(threads=1), None)


def run(planned: Evaluation, output: Path | None = None) -> EvaluationReport:
    return evaluate_models(planned, output, argv=["dnabert-s"], progress=Silent())


@pytest.fixture(scope="module")
def upstream_layout(tmp_path_factory: pytest.TempPathFactory) -> Path:
    return write_upstream_layout(tmp_path_factory.mktemp("upstream"))


def test_upstreams_layout_runs_whole(upstream_layout: Path) -> None:
    report = run(evaluation(find_sets(upstream_layout, cut_bp=None), "tnf-c", PAPER, SOUND))
    jobs = {(one.task, one.protocol, one.set) for one in report.scores}
    assert len(jobs) == 2 * (9 + 9 + 6)
    assert report.skipped == ()


def test_every_output_is_written_and_says_how_it_was_made(tmp_path: Path) -> None:
    write_set(tmp_path / "data" / "clustering_0.tsv")
    write_set(tmp_path / "data" / "binning_5.tsv", first_seed=7)
    run(evaluation(find_sets(tmp_path / "data", cut_bp=None), "tnf,tnf-c", SOUND), tmp_path / "out")
    plots = ("binning_f1.png", "binning_recall.png", "clustering_ari.png", "few_shot_f1.png")
    tables = ("results.json", "results.md", "results.tsv", "run.json")
    assert sorted(path.name for path in (tmp_path / "out").iterdir()) == sorted((*tables, *plots * can_draw()))
    made = json.loads((tmp_path / "out" / "results.json").read_text())["run"]
    assert set(made["encoder"]) == {"tnf", "tnf-c"}
    assert [one["set"] for one in made["inputs"]] == ["clustering_0", "binning_5"]


def test_tables_are_the_same_each_time(tmp_path: Path) -> None:
    write_set(tmp_path / "clustering_0.tsv")
    for name in ("a", "b"):
        run(evaluation(find_sets(tmp_path, cut_bp=None), "tnf", SOUND), tmp_path / "out" / name)
    first, second = ((tmp_path / "out" / name / "results.tsv").read_bytes() for name in ("a", "b"))
    assert first == second


def test_a_model_that_cannot_run_is_skipped_with_its_reason(tmp_path: Path) -> None:
    sets = FoundSets(labelled=named_sets([write_set(tmp_path / "a.tsv")], labels_path=None, cut_bp=None))
    report = run(evaluation(sets, "dna2vec,tnf", SOUND, tasks=(CLUSTERING,)))
    assert [one.model for one in report.skipped] == ["dna2vec"]
    assert {one.model for one in report.scores} == {"tnf"}
    assert report.tables[-1].title == "Skipped"


def test_no_model_that_runs_is_an_error(tmp_path: Path) -> None:
    sets = FoundSets(labelled=named_sets([write_set(tmp_path / "a.tsv")], labels_path=None, cut_bp=None))
    with pytest.raises(DnabertSError, match=r"none of the models could run.*dna2vec: needs a file"):
        run(evaluation(sets, "dna2vec", SOUND, tasks=(CLUSTERING,)), tmp_path / "out")
    assert not (tmp_path / "out").exists()


def test_the_published_binning_without_a_labelled_set_is_an_error(tmp_path: Path) -> None:
    path = write_set(tmp_path / "a.tsv")
    sets = FoundSets(binning=named_sets([path], labels_path=None, cut_bp=None))
    with pytest.raises(DnabertSError, match="needs a labelled set") as caught:
        run(evaluation(sets, "tnf", PAPER, tasks=(BINNING,)))
    assert caught.value.path == str(path)


def test_a_task_without_a_set_is_an_error() -> None:
    with pytest.raises(DnabertSError, match="no set for this task"):
        run(evaluation(FoundSets(), "tnf", SOUND))
