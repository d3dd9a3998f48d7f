"""Kill -9 of the copy worker at random moments, with the real engine: what is lost, and that no draft is made twice."""

import json
import os
import random
import signal
import subprocess
import time
from collections import Counter
from pathlib import Path

from overture.adapters.copy_engine.exchange import CopyRequest, EngineOptions, Job, Sampling, shards, write_job
from overture.adapters.copy_engine.leases import ENDING
from overture.settings import PACKAGE, Settings
from prove.table import Finding

BATCH, DRAFTS = 16, 320
WORDS = r"[a-z]{1,12}(?: [a-z]{1,12}){2,7}\."
SAMPLING = Sampling(temperature=0.7, top_p=1.0, top_k=40, repetition_penalty=1.0, max_tokens=40)


def prove_copy_kills(model: Path, folder: Path, kills: int, seed: int) -> Finding:
    """Kill a worker so often while its engine works, let two at once do the rest, and count every draft made."""
    finding, chance = Finding("resume: kill -9 of the copy worker"), random.Random(seed)  # noqa: S311 - the moments
    folder.mkdir(parents=True)
    job, out = folder / "requests.jsonl", folder / "drafts"
    asked = [CopyRequest(f"d{n:03d}", [["user", f"Name dish {n}."]], WORDS, n, "prove.v1") for n in range(DRAFTS)]
    write_job(job, Job(EngineOptions(str(model), model.name, "auto", 512, BATCH, 1, 1), SAMPLING, asked))
    lost: list[int] = []
    for _ in range(kills):
        worker, before = _started(job, out), len(shards(out))
        while len(shards(out)) == before and worker.poll() is None:
            time.sleep(0.01)
        time.sleep(chance.uniform(0, 1.0))
        worker.send_signal(signal.SIGKILL)
        finding.expect(worker.wait() == -signal.SIGKILL, "a worker was over before it was killed")
        lost.append(_in_hand(out))
    finding.require(max(lost) <= BATCH, f"a kill cost more than a batch of {BATCH}: {max(lost)}")
    finding.require(sum(lost) > 0, "no kill cost a draft: no proof")
    stored = sum(_made(out).values())
    last = [_started(job, out), _started(job, out)]
    finding.require([worker.wait() for worker in last] == [0, 0], "the last workers failed")
    made = _made(out)
    twice = sum(count > 1 for count in made.values())
    finding.require(twice == 0, f"{twice} drafts were made twice")
    finding.require(made.keys() == {request.draft_id for request in asked}, "not all drafts were made")
    finding.figures = (
        f"{sum(lost)} drafts in hand were lost, {max(lost)} by one kill at most (a batch is {BATCH}); {stored} of"
        f" {DRAFTS} were stored by killed workers and kept, the rest made by two at once; {twice} made twice"
    )
    return finding


def _started(job: Path, out: Path) -> "subprocess.Popen[bytes]":
    python = Settings.from_environment().copy_python
    environment = {name: value for name, value in os.environ.items() if not name.startswith("OVERTURE_")}
    return subprocess.Popen(
        [python, "-m", "overture.adapters.copy_engine.generate", "--job", str(job), "--out", str(out)],
        stdout=subprocess.DEVNULL,
        stderr=subprocess.DEVNULL,
        env={**environment, "PYTHONPATH": str(PACKAGE.parent), "PYTHONSAFEPATH": "1"},
    )


def _in_hand(out: Path) -> int:
    """Return how many drafts dead workers had leased and not stored."""
    leased = {identity for path in out.glob(f"*{ENDING}") for identity in path.read_text(encoding="utf-8").split()}
    return len(leased - _made(out).keys())


def _made(out: Path) -> Counter[str]:
    """Return how often each draft stands in the shards."""
    lines = (line for path in shards(out) for line in path.read_text(encoding="utf-8").splitlines())
    return Counter(json.loads(line)["draft_id"] for line in lines)
