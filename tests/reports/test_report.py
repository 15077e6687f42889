"""The report as text: what stands in it, and that nothing in it can do harm."""

from __future__ import annotations

import re
from dataclasses import replace
from pathlib import Path

import numpy as np
import pytest

from dnabert_s_cli.reports.columns import MapContigs
from dnabert_s_cli.reports.report import ReportContent, RunFacts, base_pairs, run_facts, write_report
from tests.reports.inputs import EVIL, some_content, some_contigs


def _page(folder: Path, content: ReportContent) -> str:
    write_report(folder / "report.html", content)
    return (folder / "report.html").read_text(encoding="utf-8")


def test_key_numbers_and_facts_of_the_run_are_shown(tmp_path: Path) -> None:
    page = _page(tmp_path, some_content())
    for shown in ("dnabert-s bin &#x27;my contigs.fa&#x27; -o out", "kmedoid, similarity 0.9877", "abc123", "1.00 GiB"):
        assert shown in page
    assert "7 shorter skipped (4.3 kbp)" in page
    assert '<dt>Bins</dt><dd class="figure">3</dd>' in page


def test_high_quality_bins_are_counted_where_quality_is_known(tmp_path: Path) -> None:
    page = _page(tmp_path, some_content(quality={1: (95.0, 1.0), 2: (60.0, 3.0)}))
    assert '<dt>High quality</dt><dd class="figure">1</dd><dd class="aside">1 more of medium quality</dd>' in page
    assert "High quality" not in _page(tmp_path, some_content())


def test_markup_in_names_and_title_stays_text(tmp_path: Path) -> None:
    page = _page(tmp_path, some_content(title=EVIL))
    assert "<img" not in page
    assert page.count("<script") == 2
    assert page.count("</script>") == 2


def test_braces_in_a_title_are_no_slots(tmp_path: Path) -> None:
    assert "<h1>{{data}} {{x}}</h1>" in _page(tmp_path, some_content(title="{{data}} {{x}}"))


def test_the_page_names_nothing_outside_itself(tmp_path: Path) -> None:
    page = _page(tmp_path, some_content())
    assert not re.search(r"https?:|url\(|@import|fetch\(|XMLHttpRequest", page)
    assert set(re.findall(r'(?:src|href)="([^"]*)"', page)) == {"data:,", "#bins"}


def test_the_same_content_gives_the_same_bytes(tmp_path: Path) -> None:
    assert _page(tmp_path, some_content()) == _page(tmp_path, some_content())


def test_a_large_page_stays_below_a_megabyte(tmp_path: Path) -> None:
    samples = tuple(f"sample{number}.bam" for number in range(5))
    assert len(_page(tmp_path, some_content(some_contigs(13_000, n_bins=60, samples=samples)))) < 1_000_000


def test_no_contigs_make_an_honest_page(tmp_path: Path) -> None:
    nothing = MapContigs([], np.zeros(0, dtype=int), np.zeros(0, dtype=int), np.zeros((0, 2)))
    page = _page(tmp_path, ReportContent("none", nothing, [], RunFacts()))
    assert '<dt>Bases binned</dt><dd class="figure">none</dd>' in page


def test_a_half_written_report_leaves_nothing(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    def fail(*_: object, **__: object) -> None:
        raise OSError("disk full")

    monkeypatch.setattr(Path, "write_text", fail)
    with pytest.raises(OSError, match="disk full"):
        write_report(tmp_path / "report.html", some_content())
    assert list(tmp_path.iterdir()) == []


def test_facts_are_taken_from_run_json() -> None:
    run = {
        "program": "dnabert-s",
        "version": "9.9",
        "argv": ["/somewhere/__main__.py", "bin", "x.fa"],
        "seed": 4,
        "encoder": {"model": "tnf-c", "fingerprint": "f00"},
        "inputs": [{"path": "x.fa", "sha256": "0"}],
        "settings": {"clustering": {"method": "kmedoid", "min_similarity": 0.5}, "min_bin_bp": 200_000},
        "started_utc": "2026-01-02T03:04:05Z",
        "timings_s": {"total": 2},
        "peak_memory_bytes": 5,
    }
    facts = run_facts(run)
    assert facts.argv == ["dnabert-s", "bin", "x.fa"]
    assert (facts.model, facts.fingerprint, facts.inputs, facts.seed) == ("tnf-c", "f00", ["x.fa"], 4)
    assert (facts.method, facts.min_similarity, facts.min_bin_bp) == ("kmedoid", 0.5, 200_000)


def test_facts_of_an_empty_run_are_empty() -> None:
    assert run_facts({}) == RunFacts(argv=(), inputs=())


@pytest.mark.parametrize(
    ("n_bp", "shown"),
    [(0, "0 bp"), (999, "999 bp"), (1_500, "1.5 kbp"), (3_140_000, "3.14 Mbp"), (2 * 10**9, "2.00 Gbp")],
)
def test_lengths_are_written_for_reading(n_bp: int, shown: str) -> None:
    assert base_pairs(n_bp) == shown


def test_times_are_in_order_without_what_did_not_run(tmp_path: Path) -> None:
    run = RunFacts(timings_s={"depth": 0.0, "total": 9.0, "embedding": 3.0, "clustering": 6.0})
    write_report(tmp_path / "report.html", replace(some_content(), run=run))
    page = (tmp_path / "report.html").read_text(encoding="utf-8")
    assert "<dd>embedding 3.0 s, clustering 6.0 s, total 9.0 s</dd>" in page
