"""Help as a person reads it, `dnabert-s help`, and names that options had before."""

from __future__ import annotations

from pathlib import Path

import pytest

from dnabert_s_cli.cli.examples import EXAMPLES
from dnabert_s_cli.cli.parsing import unwrapped
from tests.cli.conftest import Command
from tests.training_inputs import TrainingInputs


@pytest.mark.parametrize("words", [["help", "bin"], ["bin", "-h"], ["bin", "--help"]])
def test_help_is_a_command_and_an_option(command: Command, words: list[str]) -> None:
    result = command(*words)
    assert result.code == 0
    assert "Usage: dnabert-s bin" in result.out


def test_help_alone_lists_the_commands(command: Command) -> None:
    result = command("help")
    assert result.code == 0
    assert all(name in result.out for name in ("embed", "evaluate", "doctor"))


@pytest.mark.parametrize("words", [["help", "classify", "fit"], ["classify", "help", "fit"]])
def test_help_reaches_commands_of_a_group(command: Command, words: list[str]) -> None:
    assert "Usage: dnabert-s classify fit" in command(*words).out


@pytest.mark.parametrize("path", EXAMPLES)
def test_help_ends_in_examples(command: Command, path: str) -> None:
    lines = [line.strip() for line in command(*path.split(), "--help").out.rstrip().splitlines()]
    assert lines[-len(EXAMPLES[path]) - 1 :] == ["Examples:", *EXAMPLES[path]]


def test_help_shows_no_type_for_a_flag(command: Command) -> None:
    assert "bool" not in command("bin", "--help").out


def test_lines_of_a_paragraph_are_joined() -> None:
    assert unwrapped("One\n    line.\n\n    And\n    another.") == "One line.\n\nAnd another."


def test_resume_auto_is_still_valid(command: Command, training_inputs: TrainingInputs, tmp_path: Path) -> None:
    given = ("--train", training_inputs.train, "--init", training_inputs.kmer, "--batch", 8, "--max-steps", 1)
    for resume in (("--resume", "auto"), ("--resume=auto",), ("--resume",)):
        assert command("train", *given, "-o", tmp_path / "a", *resume, "-q").code == 0


def test_gold_is_still_the_name_of_labels(command: Command, tmp_path: Path) -> None:
    gold = tmp_path / "gold.tsv"
    gold.write_text("contig\tgenome\tLENGTH\na\tx\t10\nb\ty\t20\n")
    bins = tmp_path / "bins.tsv"
    bins.write_text("a\t1\nb\t2\n")
    present = command("evaluate", "bins", bins, "--labels", gold, "-q")
    assert (present.code, present.out) == (0, command("evaluate", "bins", bins, f"--gold={gold}", "-q").out)


def test_labelled_is_still_the_name_of_labels(command: Command, tmp_path: Path) -> None:
    result = command("train", "--train", "p.csv", "--labelled", tmp_path / "absent.tsv", "--init", "x", "-o", "a")
    assert result.code == 1
    assert "No such option" not in result.err


def test_depth_is_still_the_name_of_mean_depth(command: Command, tmp_path: Path) -> None:
    result = command("simulate", "metagenome", tmp_path / "absent.fa", "--depth", 3, "-o", tmp_path / "a")
    assert result.code == 1
    assert "absent.fa" in result.err


def test_completion_is_offered(command: Command) -> None:
    assert "--install-completion" in command("--help").out
