"""What the page on the copy shows of the last full benchmark and proofs."""

import json
from dataclasses import replace
from pathlib import Path

from bench.bench_copy import figures, middle
from bench.copy_engines import Speed
from bench.kept_figures import resuming, throughput
from overture.adapters.copy_engine.exchange import RawDraft
from prove.table import Finding, keep

DRAFT = RawDraft("d", "Tea.", "stop", 9, 5, "vllm", "0.32.0", "small", "cpu", "float32", 2, "v1")
OURS = Speed(start=10.0, seconds=20.0, cpu=30.0, tokens_in=900, tokens_out=2000, drafts=100)
BY_HAND = Speed(start=9.0, seconds=19.0, cpu=32.0, tokens_in=900, tokens_out=2000, drafts=100)


def test_what_is_kept_of_the_speed_reads_as_a_table_of_ratios(tmp_path: Path) -> None:
    found = figures({"our step": OURS, "vLLM by hand": BY_HAND}, {"d": DRAFT}, [])
    reuse = {"data_day": "2017-11-28", "messages": 200, "prompts": 80, "messages_per_prompt": 2.5, "drafts_made": 300}
    kept = tmp_path / "kept.json"
    kept.write_text(json.dumps(found | {"machine": ["2 cores", "2 cores"], "reuse": reuse}), encoding="utf-8")
    page = throughput(kept)
    assert "| vLLM by hand | 100 | 105 | 19.0 | 32.0 | 9.0 | 0.95 | 1.07 | 0.95 |" in page
    assert "200 messages of 80 different prompts (2.50 messages a prompt); 300 drafts" in page


def test_what_is_kept_of_the_kills_reads_as_a_table_of_trials(tmp_path: Path) -> None:
    found = [Finding("resume: kill -9", 10, [], "3 lost"), Finding("readers", 5), Finding("crash-safe: x", 2, ["oh"])]
    keep(found, 7, tmp_path / "kept.json")
    page = resuming(tmp_path / "kept.json")
    assert "| resume: kill -9 | 10 | 0 | 3 lost |" in page
    assert "| crash-safe: x | 2 | 1 |  |" in page
    assert "readers" not in page


def test_a_page_without_kept_figures_says_how_to_get_them(tmp_path: Path) -> None:
    assert "bench.bench_copy --keep" in throughput(tmp_path / "none")
    assert "prove copy kills races --keep" in resuming(tmp_path / "none")


def test_of_several_rounds_the_median_is_kept() -> None:
    assert middle([OURS, BY_HAND]) == OURS
    assert middle([BY_HAND, OURS, replace(OURS, seconds=5.0)]) == BY_HAND
