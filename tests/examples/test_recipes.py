"""The recipes of `examples/`: that each step is there, and that a student can be trained to follow a transformer."""

from __future__ import annotations

import re
import runpy
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli import load_encoder
from dnabert_s_cli.analysis.neighbours import l2_normalize
from tests.locations import PROJECT

EXAMPLES = PROJECT / "examples"
_STEP = re.compile(r'"\$(here|kmer_s)/([\w./-]+\.(?:py|json))"')


def steps_of(recipe: Path) -> list[Path]:
    """The programs and settings of this project that a recipe names."""
    folders = {"here": recipe.parent, "kmer_s": EXAMPLES / "kmer-s"}
    return [folders[folder] / name for folder, name in _STEP.findall(recipe.read_text(encoding="utf-8"))]


RECIPES = [recipe for recipe in sorted(EXAMPLES.rglob("*.sh")) if steps_of(recipe)]


@pytest.mark.parametrize("recipe", RECIPES, ids=lambda path: path.parent.name)
def test_every_step_of_a_recipe_is_there(recipe: Path) -> None:
    assert [step for step in steps_of(recipe) if not step.is_file()] == []


def test_the_recipes_of_the_models_are_among_those() -> None:
    assert {recipe.parent.name for recipe in RECIPES} >= {"kmer-s", "arms", "species-reference"}


def centred_agreement(one: np.ndarray, other: np.ndarray) -> float:
    """Mean cosine of the rows, without the mean of each side."""
    one, other = (l2_normalize(side) for side in (one, other))
    one, other = (l2_normalize(side - side.mean(axis=0)) for side in (one, other))
    return float((one * other).sum(axis=1).mean())


def test_a_student_follows_a_transformer(tiny_model: Path, tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    genomes, student = tmp_path / "genomes.fa", tmp_path / "student"
    weights = [(0.4, 0.1, 0.1, 0.4), (0.1, 0.4, 0.4, 0.1), (0.25, 0.25, 0.25, 0.25)]
    rng = np.random.default_rng(0)
    genomes.write_text(
        "".join(f">{n}\n{''.join(rng.choice(list('ACGT'), 6_000, p=p))}\n" for n, p in enumerate(weights))
    )
    command = f"distil {genomes} --teacher {tiny_model} --pieces 300 --shortest 200 --longest 600 --steps 60 --batch 64"
    monkeypatch.setattr("sys.argv", [*command.split(), "--device", "cpu", "-o", str(student)])
    runpy.run_path(str(EXAMPLES / "distil" / "distil.py"), run_name="__main__")
    new = ["".join(rng.choice(list("ACGT"), 500, p=p)) for p in weights for _ in range(8)]
    teacher, learned = load_encoder(tiny_model), load_encoder(student)
    assert learned.dim == teacher.dim
    assert centred_agreement(learned.embed(new), teacher.embed(new)) > 0.4
