"""Recommends by the order of purchases: SASRec, trained by RecTools in an environment of its own."""

import logging
import shutil
import signal
import subprocess
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Final
from uuid import uuid4

import numpy as np

from overture.adapters.sequence_engine.exchange import Job, Plan, Trained, read_trained, write_job
from overture.adapters.worker_process import error_of, run_to_end
from overture.core.factors import spread
from overture.core.history import History, Items, Users
from overture.core.parameters import need_number, need_one_of, need_whole
from overture.core.regularization import Regularization
from overture.core.scoring import FactorScores, best_of
from overture.core.sequences import Sequences
from overture.core.strategies import Recommend, no_lists
from overture.errors import HomeError, SettingsError, StrategyError
from overture.settings import Settings

LOG = logging.getLogger("overture.sequence")

WORKER: Final = "overture.adapters.sequence_engine.train"
LOSSES: Final = ("softmax", "sampled_softmax", "gBCE")
REMEDY: Final = "more memory, or a smaller batch_size, length or negatives of [sasrec] in config/strategies.toml"


@dataclass(frozen=True)
class SasRec:
    """What comes next in a user's purchases, by self-attention over the last ones: SASRec, trained by RecTools.

    Kang and McAuley, "Self-attentive sequential recommendation" (2018). A purchase of an item on a day is one step;
    the steps of one day are put in an order that is drawn. All of a history is learnt from, in windows of `length`
    steps; a user's score of an item is the dot product of the last `length` steps, encoded, and the item. Users and
    items that the model does not know are in no list.

    It runs in an environment of its own (OVERTURE_SEQUENCE_PYTHON), on a GPU where there is one. On one kind of
    processor, the same history and parameters give the same lists, as long as all `epochs` are done; the log says how
    many were.

    nDCG@10 of the 7 days after 2017-06-13, 07-11 and 08-08 of the bundled source, means over users: new items .0270
    (als_with_ease .0306; paired -.0072 to .0004), bought before .282 (.248; .0264 to .0427; own_most_bought .370). On
    the day of the choice, 06-27: .0329 and .273 (als_with_ease .0322 and .242); with a learning rate of .002, .0276 and
    .240 after 8 epochs and .0316 and .268 after 16; against 64 drawn of the 11,000 items of 10 buyers or more, also 8
    epochs, .0235 and .231, without repeats .0202 and .126. A fit to 660,000 to 890,000 purchases takes 160 to 260 s of
    one core and 0.7 GB, and grows with the purchases times the items that are learnt.

    factors: of each item, a multiple of heads. blocks: layers of attention. dropout: 0 to 1, while training. loss:
    `softmax` over all items, or against `negatives` items drawn for each step, as `sampled_softmax` or `gBCE` (Petrov
    and Macdonald, 2023; calibration: its t, 0 to 1). learning_rate: of Adam, 0 or more. batch_size: windows a step.
    seconds: no epoch is begun after so many. least_buyers: an item of fewer users is not learnt. Whole numbers are 1 or
    more, seed 0 or more. Raises ValueError for a parameter out of range.
    """

    factors: int = 64
    blocks: int = 1
    heads: int = 2
    length: int = 100
    dropout: float = 0.2
    loss: str = "softmax"
    negatives: int = 64
    calibration: float = 0.75
    learning_rate: float = 0.005
    batch_size: int = 16
    epochs: int = 12
    seconds: int = 3600
    least_buyers: int = 50
    seed: int = 20170101
    threads: int = 1

    def __post_init__(self) -> None:
        for name in (
            "factors",
            "blocks",
            "heads",
            "length",
            "negatives",
            "batch_size",
            "epochs",
            "least_buyers",
            "seconds",
            "threads",
        ):
            need_whole(name, getattr(self, name), 1)
        need_whole("seed", self.seed, 0)
        need_one_of("loss", self.loss, LOSSES)
        need_number("learning_rate", self.learning_rate, 0)
        need_number("calibration", self.calibration, 0, 1)
        need_number("dropout", self.dropout, 0, 1)
        if self.factors % self.heads:
            raise ValueError(f"factors; expected: a multiple of heads, {self.heads}; got: {self.factors}")

    def fit(self, interactions: History, items: Items, users: Users) -> Recommend:
        """Train in the sequence environment; where nobody bought one thing after another, every list is empty.

        Raises SettingsError where there is no such environment, HomeError where the home cannot be written, and
        StrategyError where training fails.
        """
        if interactions.purchases is None:
            return no_lists
        sequences = Sequences.of(interactions.purchases, self.least_buyers, self.seed)
        windows = sequences.windows(self.length)
        if not len(windows):
            return no_lists
        plan = Plan(**{each.name: getattr(self, each.name) for each in fields(Plan)})
        job = Job(plan, len(sequences.items), sequences.codes, windows, sequences.last(self.length))
        trained = _trained(Settings.from_environment(), job)
        scores = FactorScores(
            spread(trained.users, sequences.users, len(interactions.user_ids)),
            spread(trained.items, sequences.items, len(interactions.item_ids)),
            interactions.counts,
            Regularization(0.0),
            np.flatnonzero(items.is_allowed),
        )
        return lambda asked, k: best_of(scores, asked, k)[0]


def _trained(settings: Settings, job: Job) -> Trained:
    """Have the job done in a folder that is gone afterwards, and say how far it went."""
    if not settings.sequence_python.is_file():
        expected = "a Python interpreter, which `scripts/environment sequence` makes"
        raise SettingsError(
            "no sequence environment", where=settings.sequence_python, expected=expected, got="nothing there"
        )
    folder = settings.scratch / f"sequence-{uuid4().hex}"
    try:
        _write(folder, job)
        _run(settings.sequence_python, folder)
        trained = _read(folder, job)
    finally:
        shutil.rmtree(folder, ignore_errors=True)
    is_short = trained.epochs < job.plan.epochs
    done = f"{trained.epochs} of {job.plan.epochs} epochs in {trained.seconds:.0f} s on {trained.device}"
    # How many epochs fit into a budget depends on the machine: only whole plans give the same lists everywhere.
    level, why = (logging.WARNING, ", cut short by its budget") if is_short else (logging.INFO, "")
    LOG.log(level, "sasrec: %s, loss %.4f%s", done, trained.loss, why)
    return trained


def _write(folder: Path, job: Job) -> None:
    try:
        folder.mkdir(parents=True)
        write_job(folder, job)
    except OSError as error:
        expected = "a writable folder with free space"
        raise HomeError("the home cannot be written", where=folder, expected=expected, got=error.strerror) from error


def _run(python: Path, folder: Path) -> None:
    # What the libraries say there are warnings to their own developers.
    code, said = run_to_end(python, WORKER, ["--folder", str(folder)], stderr=subprocess.DEVNULL)
    if code < 0:
        got = signal.Signals(-code).name
        raise StrategyError("the sequence environment was ended", where=WORKER, expected=REMEDY, got=got)
    if code:
        got = said[-1] if said else f"exit status {code}"
        raise error_of(said) or StrategyError("the sequence environment failed", where=WORKER, got=got)


def _read(folder: Path, job: Job) -> Trained:
    """Return what was trained; raise StrategyError for embeddings that are missing, or not those of the job."""
    try:
        trained = read_trained(folder)
    except (OSError, TypeError, ValueError) as error:
        raise StrategyError("no embeddings", where=WORKER, expected=".npy files and a report", got=error) from error
    expected = ((len(job.sessions), job.plan.factors), (job.items, job.plan.factors))
    got = (trained.users.shape, trained.items.shape)
    if got != expected:
        raise StrategyError("other embeddings than were asked for", where=WORKER, expected=expected, got=got)
    return trained
