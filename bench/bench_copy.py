"""Writing copy about real items: our step against vLLM called by hand, transformers, and one request at a time."""

import argparse
import json
import tempfile
from collections import Counter
from dataclasses import asdict, replace
from pathlib import Path
from typing import Any

from bench.copy_engines import Speed, by_our_step, by_script, one_at_a_time
from bench.copy_readers import recipients
from bench.copy_reuse import reuse
from bench.machine import machine
from bench.real_day import DAY
from overture import composing, copywriting, message_plans
from overture.adapters.copy_engine.exchange import Job, RawDraft, write_job
from overture.adapters.model_store import copy_python, ensure_model
from overture.configuration import load_config
from overture.core.copy_cost import cost_per_thousand
from overture.message_plans import Plan
from overture.settings import Settings

KEPT = Path(__file__).resolve().parent / "copy_throughput.json"
"""What `--keep` writes, and the page on the copy shows."""

MESSAGES, ALONE, SHOWN = 48, 16, 5

ROUNDS = 3
"""Of our step and vLLM by hand, in turn: of ten seconds each, one pair differs from the next by more than they do."""

WANTED = {"vLLM by hand": 0.95, "transformers, batches of 32": 1.8, "one request at a time": 5.0}
"""By how much our step is to be as fast, in tokens a second."""


def main() -> None:
    """Print what each way took, the ratios, the cost of a thousand messages, and what was refused; keep it if asked."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--messages", type=int, default=MESSAGES, help="of as many readers (default: %(default)s)")
    parser.add_argument("--keep", action="store_true", help=f"write the figures to {KEPT.name} too")
    asked = parser.parse_args()
    settings = Settings.from_environment()
    model = ensure_model(settings)
    plans = [message_plans.plan_message(recipient, DAY, model) for recipient in recipients(asked.messages)]
    wanted = list({request.draft_id: request for plan in plans for request in plan.requests}.values())
    job = Job(copywriting.engine_options(model), copywriting.sampling(), wanted)
    before = machine()
    with tempfile.TemporaryDirectory(prefix="overture-bench-") as scratch:
        speeds, drafts = measured(copy_python(settings), job, Path(scratch))
    found = figures(speeds, drafts, plans) | {"machine": [before, machine()], "reuse": reuse(settings)}
    show(found)
    show_messages(plans, drafts)
    if asked.keep:
        KEPT.write_text(json.dumps(found, indent=2) + "\n", encoding="utf-8")


def measured(python: Path, job: Job, scratch: Path) -> tuple[dict[str, Speed], dict[str, RawDraft]]:
    """Write the job's drafts in every way, with as many threads as our step found free; return also our drafts."""
    first, drafts = by_our_step(python, job, scratch / "ours")
    threads = next(iter(drafts.values())).threads
    alone = replace(job, requests=job.requests[:ALONE], options=replace(job.options, most_threads=threads))
    path = scratch / "ours" / "requests.jsonl"
    write_job(path, job)
    ours, by_hand = [first], [by_script(python, "vllm_by_hand", path, threads)]
    for number in range(1, ROUNDS):
        ours.append(by_our_step(python, job, scratch / f"ours-{number}")[0])
        by_hand.append(by_script(python, "vllm_by_hand", path, threads))
    speeds = {
        "our step": middle(ours),
        "vLLM by hand": middle(by_hand),
        "vLLM by hand, no prefix cache": by_script(python, "vllm_by_hand", path, threads, ["--without-prefix-cache"]),
        "transformers, batches of 32": by_script(python, "transformers_batches", path, threads),
    }
    speeds["one request at a time"], again = one_at_a_time(python, alone, scratch / "alone")
    same = sum(drafts[identity].text == draft.text for identity, draft in again.items())
    print(f"the same words one at a time: {same} of {len(again)}")
    return speeds, drafts


def middle(rounds: list[Speed]) -> Speed:
    """Return the one of median tokens a second; of an even number the slower."""
    return sorted(rounds, key=lambda speed: speed.rate)[(len(rounds) - 1) // 2]


def figures(speeds: dict[str, Speed], drafts: dict[str, RawDraft], plans: list[Plan]) -> dict[str, Any]:
    """Return what was measured as it is kept: of each way, of what wrote, and what a thousand messages would cost."""
    ours, made_by = speeds["our step"], next(iter(drafts.values()))
    cost, seconds = load_config("copy")["cost"], ours.start + ours.seconds
    return {
        "day": str(DAY),
        "model": made_by.model,
        "device": made_by.device,
        "dtype": made_by.dtype,
        "threads": made_by.threads,
        "engine": f"{made_by.engine} {made_by.engine_version}",
        "ways": {
            name: asdict(speed)
            | {
                "tokens_a_second": speed.rate,
                "ours_against_it": ours.rate / speed.rate,
                "ours_against_it_by_cpu": ours.rate_of_cpu / speed.rate_of_cpu,
            }
            for name, speed in speeds.items()
        },
        "messages": len(plans),
        "messages_a_second": len(plans) / seconds,
        "cost_per_thousand": cost_per_thousand(seconds, len(plans), cost["price_per_hour"]),
        "currency": cost["currency"],
    }


def show(found: dict[str, Any]) -> None:
    """Print the figures."""
    print("; ".join(f"{name}: {found[name]}" for name in ("model", "device", "dtype", "threads", "engine")))
    for name, way in found["ways"].items():
        against = f"ours {way['ours_against_it']:.2f} times as fast, {way['ours_against_it_by_cpu']:.2f} by CPU seconds"
        wanted = f" (wanted: {WANTED[name]})" if name in WANTED else ""
        print(
            f"{name}: {way['tokens_a_second']:.0f} tokens/s, {way['drafts']} drafts in {way['seconds']:.1f} s"
            f" ({way['cpu']:.1f} s of CPU) after {way['start']:.1f} s of start; {against}{wanted}"
        )
    price = found["cost_per_thousand"]
    costs = f"{price:.4f} {found['currency']} per 1,000" if isinstance(price, float) else "no price an hour is set"
    print(f"{found['messages']} messages, {found['messages_a_second']:.2f} a second with the start; {costs}")
    print(f"sharing on a published day: {found['reuse'] or 'no such day in this home'}")


def show_messages(plans: list[Plan], drafts: dict[str, RawDraft]) -> None:
    """Print what was refused, and some messages."""
    rows = [composing.compose(plan, drafts, DAY)[0] for plan in plans]
    refusals = Counter(str(row["refusal"]) for row in rows if "refusal" in row)
    print(f"messages from a draft: {1 - refusals.total() / len(rows):.0%}; else: {dict(refusals.most_common())}")
    for row in rows[:SHOWN]:
        print(f"  {row['text']}")


if __name__ == "__main__":
    main()
