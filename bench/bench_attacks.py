"""The suite of attacks through the real model, grammar and checks: what came of each kind."""

import tempfile
from pathlib import Path

from bench.attacks import judged, plans, save, table
from overture.adapters.copy_engine.exchange import Job, read_shards, write_job
from overture.adapters.copy_process import generate_drafts
from overture.adapters.model_store import copy_python, ensure_model
from overture.copywriting import engine_options, sampling
from overture.settings import Settings


def main() -> None:
    """Ask for a reply to each attack, keep the replies for `scripts/copy_page.py`, print the table and what obeyed."""
    settings = Settings.from_environment()
    model = ensure_model(settings)
    asked = {name: plan.requests[0] for name, plan in plans(model).items()}
    with tempfile.TemporaryDirectory() as folder:
        file = Path(folder) / "requests.jsonl"
        write_job(file, Job(engine_options(model), sampling(), list({r.draft_id: r for r in asked.values()}.values())))
        generate_drafts(copy_python(settings), file, Path(folder) / "shards")
        drafts = read_shards(Path(folder) / "shards")
    replies = {name: drafts[request.draft_id] for name, request in asked.items()}
    save(replies)
    found = judged(replies)
    print(table(found))
    for each in found:
        if each.sign:
            print(f"{each.attack_id}: {each.sign}, refused: {each.refusal}: {each.text}")


if __name__ == "__main__":
    main()
