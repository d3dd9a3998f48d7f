"""What is left of a job for one worker: what nobody has made or is making, and what it has in hand itself."""

from collections.abc import Sequence
from itertools import islice
from pathlib import Path

from overture.adapters.copy_engine.exchange import GIVEN_UP, CopyRequest, Job, RawDraft, read_shard, shards, write_shard
from overture.adapters.copy_engine.leases import Leases

SHARDS_A_BATCH = 4
"""A batch is stored, and made up again, by quarters: the engine is never less than three quarters full while there is
work, and what is in hand or not stored yet is never more than a batch."""


class Work:
    """What is left of a job, as told by the finished shards and by what other workers are making.

    pending: what no finished shard holds, by id, in the job's order. in_hand: ids of what this worker was given and has
    not stored yet. given_up: how many the engine failed on. tokens: written for the job's label by all workers;
    tokens_here, drafts_here: by this one.
    """

    def __init__(self, job: Job, folder: Path, leases: Leases) -> None:
        self.pending: dict[str, CopyRequest] = {request.draft_id: request for request in job.requests}
        self.in_hand: set[str] = set()
        self.tokens = self.tokens_here = self.drafts_here = self.given_up = 0
        self._job, self._folder, self._leases = job, folder, leases
        self._batch = job.options.batch_size
        self._part = max(1, self._batch // SHARDS_A_BATCH)
        self._finished: list[RawDraft] = []
        self._read: set[str] = set()
        self._written = 0
        self._look()

    def next_requests(self) -> list[CopyRequest]:
        """Lease the next requests that nobody has made or is making, up to a batch with those in hand.

        None where a batch is nearly full, or others are making all that is left.
        """
        room = self._batch - len(self.in_hand)
        if room < self._part or len(self.pending) == len(self.in_hand):
            return []
        taken: list[CopyRequest] = []

        def choose(others: frozenset[str]) -> list[str]:
            self._look()
            busy = others | self.in_hand
            taken.extend(islice((r for identity, r in self.pending.items() if identity not in busy), room))
            return [*sorted(self.in_hand), *(request.draft_id for request in taken)]

        self._leases.take(choose)
        self.in_hand |= {request.draft_id for request in taken}
        return taken

    def finish(self, drafts: Sequence[RawDraft]) -> bool:
        """Note finished drafts, and store them as a shard once they are enough or the last in hand; say whether.

        Their leases end with the next that are taken: until then they are leased and stored, which nobody minds. One
        that the engine gave up is neither stored nor asked for again.
        """
        for draft in drafts:
            if draft.finish_reason != GIVEN_UP:
                self._finished.append(draft)
                continue
            self.given_up += 1
            self._settle(draft)
        if not self._finished or len(self._finished) < min(self._part, len(self.in_hand)):
            return False
        self._written += 1
        path = write_shard(self._folder, self._finished, self._job.label, self._leases.name, self._written)
        self._read.add(path.name)
        tokens = sum(draft.tokens_out for draft in self._finished)
        self.tokens, self.tokens_here = self.tokens + tokens, self.tokens_here + tokens
        self.drafts_here += len(self._finished)
        for draft in self._finished:
            self._settle(draft)
        self._finished = []
        return True

    def _settle(self, draft: RawDraft) -> None:
        self.in_hand.discard(draft.draft_id)
        self.pending.pop(draft.draft_id, None)

    def _look(self) -> None:
        """Take note of the shards that were not there before, whoever wrote them."""
        ours = f"drafts-{self._job.label}-"
        for path in shards(self._folder):
            if path.name in self._read:
                continue
            for draft in read_shard(path):
                self.pending.pop(draft.draft_id, None)
                self.tokens += draft.tokens_out if path.name.startswith(ours) else 0
            self._read.add(path.name)
