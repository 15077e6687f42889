"""Joints of contigs, found by an encoder's vectors of their windows."""

from __future__ import annotations

import numpy as np
import pytest

from dnabert_s_cli.encoders.loader import load_encoder
from dnabert_s_cli.io.bins.contig_table import ContigRow
from dnabert_s_cli.pipelines.bin.contigs import scan_contigs
from dnabert_s_cli.pipelines.bin.groups import Bins
from dnabert_s_cli.pipelines.bin.outputs import BinnedContigs
from dnabert_s_cli.pipelines.bin.results.contig_table import judge_contigs, with_chimerism
from dnabert_s_cli.pipelines.cluster.methods import ClusterOptions
from dnabert_s_cli.pipelines.progress import Silent
from dnabert_s_cli.pipelines.vectors.inputs import SequenceInput
from tests.conftest import random_dna

LETTERS = ("AAAAACCGTT", "ACCCCGGGGT")
JOINT_BP = 7_500


@pytest.fixture(scope="module")
def judged(tmp_path_factory: pytest.TempPathFactory) -> tuple[BinnedContigs, dict[str, ContigRow]]:
    """Two bins of two species, the first with a contig of both, and a contig of both in no bin."""
    species = [[random_dna(20_000, 10 * one + contig, LETTERS[one]) for contig in range(6)] for one in range(2)]
    joined = random_dna(JOINT_BP, 98, LETTERS[0]) + random_dna(12_500, 99, LETTERS[1])
    sequences = [*species[0], joined, *species[1], joined, random_dna(4_000, 97, LETTERS[0])]
    path = tmp_path_factory.mktemp("joined") / "contigs.fa"
    path.write_text("".join(f">c{number}\n{sequence}\n" for number, sequence in enumerate(sequences)))
    source = SequenceInput((path,), 1000)
    contigs, _ = scan_contigs(source)
    encoder = load_encoder("tnf-c", "cpu")
    embeddings = encoder.embed(sequences)
    numbers = np.array([1] * 7 + [2] * 6 + [0, 1])
    bins = Bins(numbers, ["bin.1", "bin.2"], None, embeddings, ClusterOptions("louvain"))
    binned = BinnedContigs(contigs, bins, embeddings)
    rows = judge_contigs(binned, source, encoder=encoder, halves=None, seed=0, progress=Silent())
    return binned, {row.name: row for row in rows}


def test_a_joined_contig_has_its_place_and_the_bins_of_both_parts(
    judged: tuple[BinnedContigs, dict[str, ContigRow]],
) -> None:
    joined = judged[1]["c6"]
    assert (joined.chimeric_at, joined.before, joined.after) == (JOINT_BP, "bin.1", "bin.2")
    assert joined.chimerism == pytest.approx(0.625)  # of a contig in bin.1


def test_a_joined_contig_of_no_bin_counts_its_smaller_part(
    judged: tuple[BinnedContigs, dict[str, ContigRow]],
) -> None:
    joined = judged[1]["c13"]
    assert (joined.bin, joined.chimeric_at) == ("", JOINT_BP)
    assert joined.chimerism == pytest.approx(0.375)
    assert np.isnan(joined.confidence)


def test_whole_contigs_have_no_joint_and_short_ones_are_not_looked_at(
    judged: tuple[BinnedContigs, dict[str, ContigRow]],
) -> None:
    rows = judged[1]
    assert all(rows[f"c{number}"].chimerism == 0 for number in (*range(6), *range(7, 13)))
    assert np.isnan(rows["c14"].chimerism)
    assert all(row.chimeric_at == 0 for name, row in rows.items() if name not in ("c6", "c13"))


def test_chimerism_of_a_bin_is_its_share_of_foreign_bases(
    judged: tuple[BinnedContigs, dict[str, ContigRow]],
) -> None:
    binned, rows = judged
    first, second = with_chimerism(binned.stats(), list(rows.values()))
    assert first.chimerism == pytest.approx(12_500 / (7 * 20_000 + 4_000))
    assert second.chimerism == 0


def test_contigs_are_surer_of_their_own_bin(judged: tuple[BinnedContigs, dict[str, ContigRow]]) -> None:
    rows = judged[1]
    assert all(rows[f"c{number}"].confidence > 0.5 for number in (*range(6), *range(7, 13)))
    assert all(rows[f"c{number}"].second == "bin.2" for number in range(6))
