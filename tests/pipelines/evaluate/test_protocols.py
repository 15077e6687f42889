"""The paper's tasks on small sets, as published and mended."""

from __future__ import annotations

from collections.abc import Sequence
from dataclasses import dataclass, field
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.analysis.neighbours import l2_normalize
from dnabert_s_cli.analysis.scores.species_recovery import centre_similarity
from dnabert_s_cli.errors import DnabertSError
from dnabert_s_cli.io.bins.evaluation import Score
from dnabert_s_cli.io.embeddings.cache import VectorCache
from dnabert_s_cli.pipelines.evaluate.protocols import (
    BINNING,
    CLASSIFICATION,
    CLUSTERING,
    ProtocolOptions,
    Task,
    binned_part,
    check_set,
    measure_model,
)
from dnabert_s_cli.pipelines.evaluate.sets import EvaluationSet, find_sets, read_set
from dnabert_s_cli.pipelines.evaluate.systems import PAPER, SOUND, VectorSource, open_system, system_name
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.vectors.encoding import EncoderOptions
from tests.locations import SHARED, needs_shared

OPTIONS = ProtocolOptions(n_seeds=2, shots=(1, 2), most_tests=3, min_length_bp=10, min_sequences=2, threads=1)
PLACES = {letter: place for place, letter in enumerate("ACGT")}


@dataclass(frozen=True)
class Letters:
    """A system whose vectors are what letters a sequence is of."""

    facts: dict[str, object] = field(default_factory=lambda: {"fingerprint": "letters"})
    embeds_alone: bool = True

    def vectors(self, sequences: Sequence[str], *, progress: Silent) -> np.ndarray:
        del progress
        return np.array([[one.count(letter) for letter in PLACES] for one in sequences], dtype=np.float32)


def measured(kind: str, on: EvaluationSet, protocol: str = SOUND, **others: EvaluationSet) -> dict[str, Score]:
    source = VectorSource("letters", Letters(), VectorCache(None), Silent())
    task = Task(kind, protocol, on, others.get("threshold_set"), OPTIONS)
    return {one.metric: one for one in measure_model(source, task)}


def species(n_each: int, *letters: str, length_bp: int = 2_000) -> EvaluationSet:
    """A set whose species are of one letter each, with a little noise."""
    rng = np.random.default_rng(0)
    rows = [
        (letter * (length_bp - 8) + "".join(rng.choice(list("ACGT"), 8)), letter)
        for _ in range(n_each)
        for letter in letters
    ]
    return EvaluationSet("small", tuple(row[0] for row in rows), tuple(row[1] for row in rows))


def test_clear_species_are_clustered_perfectly_by_every_seed() -> None:
    found = measured(CLUSTERING, species(12, "A", "C"))
    assert found["ari"].values == (1.0, 1.0)
    assert set(found) == {"ari", "nmi", "homogeneity", "completeness", "ari_kmeans++", "nn_accuracy"}


def test_better_starts_and_nearest_neighbours_are_measured_once() -> None:
    found = measured(CLUSTERING, species(6, "A", "C", "G"))
    assert (found["ari_kmeans++"].values, found["nn_accuracy"].values) == ((1.0,), (1.0,))


def test_every_number_of_shots_has_a_score_of_each_seed() -> None:
    found = measured(CLASSIFICATION, species(12, "A", "C", "G"))
    assert [len(found[f"macro_f1_{n_shots}_shot"].values) for n_shots in (1, 2)] == [2, 2]
    assert found["macro_f1_2_shot"].mean > 0.5


def test_how_many_were_tested_on_is_told() -> None:
    found = measured(CLASSIFICATION, species(4, "A", "C", "G"))
    assert (found["n_species"].mean, found["n_tested_least"].mean, found["n_tested_most"].mean) == (3, 2, 2)


def test_clear_species_are_all_recovered_without_labels() -> None:
    found = measured(BINNING, species(12, "A", "C", "G", "T"))
    assert (found["n_species_f1_above_0.9"].mean, found["coverage"].mean, found["n_bins"].mean) == (4, 1.0, 4)


def test_the_published_threshold_is_the_70th_percentile_of_the_labelled_set() -> None:
    labelled = species(10, "A", "C")
    found = measured(BINNING, species(12, "A", "C"), PAPER, threshold_set=labelled)
    unit = l2_normalize(Letters().vectors(labelled.sequences, progress=Silent()))
    assert found["min_similarity"].mean == centre_similarity(unit, labelled.labels, percent=70)


def test_the_sound_protocol_never_looks_at_a_label_for_its_threshold() -> None:
    on = species(12, "A", "C", "G")
    shuffled = EvaluationSet("small", on.sequences, tuple(np.random.default_rng(1).permutation(on.labels).tolist()))
    first, second = measured(BINNING, on), measured(BINNING, shuffled)
    assert first["min_similarity"] == second["min_similarity"]


def test_only_the_sound_protocol_charges_what_is_unassigned() -> None:
    clear, stray = species(40, "A", "C"), species(6, "G", "T")
    mixed = EvaluationSet("small", clear.sequences + stray.sequences, clear.labels + ("A",) * len(stray.labels))
    published = measured(BINNING, mixed, PAPER, threshold_set=species(10, "A", "C"))
    sound = measured(BINNING, mixed)
    assert published["n_species_recall_above_0.9"].mean == 2
    assert sound["n_species_recall_above_0.9"].mean == 1
    assert published["coverage"].mean < 1


def test_binning_drops_short_sequences_first_and_small_species_then() -> None:
    whole = EvaluationSet("a", ("A" * 10, "A" * 10, "C" * 10, "C" * 9, "G" * 9), ("a", "a", "c", "c", "g"))
    kept = binned_part(whole, OPTIONS)
    assert (kept.sequences, kept.labels) == (("A" * 10, "A" * 10), ("a", "a"))


@pytest.mark.parametrize(
    ("kind", "problem"),
    [
        (CLUSTERING, "a single species"),
        (CLASSIFICATION, "1 species have 3 sequences or more"),
        (BINNING, "no species has 2 sequences of 10 bp or more"),
    ],
)
def test_a_set_that_does_not_suit_the_task_is_named(kind: str, problem: str) -> None:
    on = EvaluationSet("a", ("ACGT",) * 3, ("x",) * 3)
    with pytest.raises(DnabertSError, match=problem) as caught:
        check_set(kind, on, path=Path("a.tsv"), options=OPTIONS)
    assert caught.value.path == "a.tsv"


@pytest.mark.slow
@needs_shared
@pytest.mark.parametrize(("place", "expected"), [(0, 0.485), (1, 0.431), (2, 0.274)])
def test_ari_of_tnf_on_real_species_is_the_reference(place: int, expected: float) -> None:
    system = open_system(system_name("tnf", PAPER), EncoderOptions(threads=1), seed=0)
    source = VectorSource("tnf", system, VectorCache(None), Silent())
    on = read_set(find_sets(SHARED / "data" / "dev", cut_bp=None).labelled[place])
    found = {one.metric: one for one in measure_model(source, Task(CLUSTERING, PAPER, on, None, ProtocolOptions()))}
    assert found["ari"].mean == pytest.approx(expected, abs=0.01)
