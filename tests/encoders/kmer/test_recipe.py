"""The recipe of kmer-s: pieces of genes, views of clades, and the loss."""

from __future__ import annotations

import sys
from pathlib import Path
from types import ModuleType

import numpy as np
import pytest
import torch

from tests.conftest import random_dna
from tests.locations import PROJECT

RECIPE = PROJECT / "examples" / "kmer-s"
N_CLADES, N_GENES = 4, 12


@pytest.fixture(scope="module")
def recipe() -> dict[str, ModuleType]:
    """Its modules, which find each other as scripts do."""
    sys.path.insert(0, str(RECIPE))
    try:
        import genes
        import learn
        import views

        return {"genes": genes, "views": views, "learn": learn}
    finally:
        sys.path.remove(str(RECIPE))


@pytest.fixture(scope="module")
def folder(recipe: dict[str, ModuleType], tmp_path_factory: pytest.TempPathFactory) -> Path:
    """Counts of some random genes, named as markers are, from last to first."""
    out = tmp_path_factory.mktemp("genes")
    places = [divmod(number, N_GENES) for number in range(N_CLADES * N_GENES)]
    names = [f"gi|{clade}|ref|NC_{clade}.1|:{1000 * gene + 1}-9" for clade, gene in places]
    records = [f">{name}\n{random_dna(500 + 100 * number, number)}\n" for number, name in enumerate(names)]
    (out / "markers.fasta").write_text("".join(reversed(records)))
    labels = [f"{name}\tclade_{clade}\n" for name, (clade, _) in zip(names, places, strict=True)]
    (out / "labels.tsv").write_text("".join(labels))
    before = sys.argv
    sys.argv = ["genes.py", *map(str, (out / "markers.fasta", out / "labels.tsv", RECIPE / "network.json", out))]
    recipe["genes"].main()
    sys.argv = before
    return out


def test_genes_lie_by_clade_and_in_the_order_of_the_genome(recipe: dict[str, ModuleType], folder: Path) -> None:
    genes = recipe["genes"].load_genes(folder)
    assert genes.first_gene.tolist() == [N_GENES * clade for clade in range(N_CLADES + 1)]
    assert genes.gene_bp.tolist() == [500 + 100 * number for number in range(N_CLADES * N_GENES)]
    assert (genes.counts[:, :136].sum(axis=1) <= genes.piece_bp - 3).all()


def test_views_of_a_clade_share_no_gene(recipe: dict[str, ModuleType], folder: Path) -> None:
    genes = recipe["genes"].load_genes(folder)
    sampler = recipe["views"].ViewSampler(genes, np.random.default_rng(0), 500, 5_000)
    for clade in range(N_CLADES):
        for _ in range(20):
            pieces = sampler._views_of(clade, 3)
            drawn = [set((np.searchsorted(genes.first_piece, view, side="right") - 1).tolist()) for view in pieces]
            assert len(set.union(*drawn)) == sum(map(len, drawn))
            assert all(genes.first_gene[clade] <= gene < genes.first_gene[clade + 1] for gene in set.union(*drawn))


def test_counts_of_a_view_are_those_of_its_pieces(recipe: dict[str, ModuleType], folder: Path) -> None:
    genes = recipe["genes"].load_genes(folder)
    make = recipe["views"].ViewSampler
    counts, lengths_bp = make(genes, np.random.default_rng(3), 500, 5_000).draw(np.array([0, 2]), n_views=2)
    again = make(genes, np.random.default_rng(3), 500, 5_000)
    pieces = [*again._views_of(0, 2), *again._views_of(2, 2)]
    assert [genes.counts[view].sum(axis=0, dtype=int).tolist() for view in pieces] == counts.tolist()
    assert [genes.piece_bp[view].sum() for view in pieces] == lengths_bp.tolist()


def test_the_loss_is_that_of_simclr_where_clades_have_two_views(recipe: dict[str, ModuleType]) -> None:
    unit = torch.nn.functional.normalize(torch.randn(6, 8, generator=torch.Generator().manual_seed(0)), dim=1)
    clades = torch.tensor([0, 0, 50, 50, 100, 100])
    logits = (unit.bfloat16() @ unit.bfloat16().T).float() / recipe["learn"].TEMPERATURE
    logits.fill_diagonal_(-torch.inf)
    expected = torch.nn.functional.cross_entropy(logits, torch.tensor([1, 0, 3, 2, 5, 4]))
    assert recipe["learn"]._loss(unit, clades).item() == pytest.approx(expected.item(), rel=1e-3)


def test_a_near_clade_is_no_negative(recipe: dict[str, ModuleType]) -> None:
    unit = torch.nn.functional.normalize(torch.randn(6, 8, generator=torch.Generator().manual_seed(1)), dim=1)
    with_near = recipe["learn"]._loss(unit, torch.tensor([0, 0, 1, 1, 90, 90]))
    assert with_near < recipe["learn"]._loss(unit, torch.tensor([0, 0, 50, 50, 90, 90]))
