"""The training worker, in the sequence environment: `python -m ... --folder FOLDER`."""

import argparse
import math
import os
import sys
import threading
import time
from collections.abc import Sequence
from datetime import timedelta
from pathlib import Path
from typing import Any, Final

import numpy as np

from overture.adapters.sequence_engine.exchange import Job, Plan, Trained, read_job, write_trained
from overture.adapters.worker_process import end_with_input, exit_code_of
from overture.errors import StrategyError

LOSS: Final = "train_loss"
"""What RecTools calls the mean loss of an epoch."""


def main(arguments: Sequence[str]) -> int:
    """Train on the job of a folder and leave embeddings there; return 0, or an error's exit code.

    An error's one line goes to standard output, for the process that started this.
    """
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--folder", type=Path, required=True, help="where the job lies, and what is made of it")
    folder = parser.parse_args(arguments).folder
    threading.Thread(target=end_with_input, daemon=True).start()
    return exit_code_of(lambda: write_trained(folder, train(read_job(folder), folder)))


def train(job: Job, folder: Path) -> Trained:
    """Return the embeddings of the job's items, and of its sessions as the trained model reads them.

    On a GPU where there is one. Raises StrategyError where the loss is no number any more.
    """
    # cuBLAS sums in one order only where it is told to.
    os.environ["CUBLAS_WORKSPACE_CONFIG"] = ":4096:8"
    import torch
    from pytorch_lightning import seed_everything

    began = time.monotonic()
    torch.set_num_threads(job.plan.threads)
    seed_everything(job.plan.seed, verbose=False)
    model = _model(job.plan, folder)
    model.fit(_data_set(job))
    loss = float(model.fit_trainer.callback_metrics[LOSS])
    if not math.isfinite(loss):
        expected = "a finite loss; a smaller learning_rate may give one"
        raise StrategyError("training went astray", where="sasrec", expected=expected, got=loss)
    # The model knows the items of the windows, from 1 on in an order of its own; 0 fills short sessions up.
    known = model.data_preparator.get_known_item_ids().astype(np.int64)
    numbers = np.zeros(job.items, np.int64)
    numbers[known] = np.arange(1, len(known) + 1)
    network = model.torch_model.eval()
    with torch.inference_mode():
        embeddings = network.item_model.get_all_embeddings()
        users = _encode(network, embeddings, job, numbers)
    items = np.full((job.items, job.plan.factors), np.nan, np.float32)
    items[known] = embeddings[1:].cpu().numpy()
    seconds = time.monotonic() - began
    # The trainer has put the network back among the processors by now.
    device = str(model.fit_trainer.strategy.root_device)
    return Trained(users, items, model.fit_trainer.current_epoch, seconds, device, loss)


def _model(plan: Plan, folder: Path) -> Any:
    from rectools.models import SASRecModel

    from overture.adapters.sequence_engine.loss import ByRows

    return SASRecModel(
        n_factors=plan.factors,
        n_blocks=plan.blocks,
        n_heads=plan.heads,
        dropout_rate=plan.dropout,
        session_max_len=plan.length,
        loss=plan.loss,
        n_negatives=plan.negatives,
        gbce_t=plan.calibration,
        lr=plan.learning_rate,
        batch_size=plan.batch_size,
        lightning_module_type=ByRows,
        get_trainer_func=trainer_of,
        get_trainer_func_kwargs={"epochs": plan.epochs, "seconds": plan.seconds, "folder": str(folder)},
    )


def trainer_of(epochs: int, seconds: float, folder: str) -> Any:
    """Return what trains for so many epochs, and begins none after so many seconds; it writes no file."""
    from pytorch_lightning import Trainer
    from pytorch_lightning.callbacks import Timer

    return Trainer(
        max_epochs=epochs,
        callbacks=[Timer(timedelta(seconds=seconds), interval="epoch", verbose=False)],
        devices=1,
        # Where an operation of a GPU has no repeatable form, it is done all the same.
        deterministic="warn",
        logger=False,
        enable_checkpointing=False,
        enable_progress_bar=False,
        enable_model_summary=False,
        default_root_dir=folder,
    )


def _data_set(job: Job) -> Any:
    """Return the job's windows as RecTools knows them: each is a user of its own there, and its order is the time."""
    import pandas as pd
    from rectools import Columns
    from rectools.dataset import Dataset

    begin, end = job.windows.T
    rows = np.concatenate([np.arange(*window) for window in job.windows])
    table = {
        Columns.User: np.repeat(np.arange(len(begin)), end - begin),
        Columns.Item: job.codes[rows],
        Columns.Weight: 1.0,
        Columns.Datetime: pd.to_datetime(rows),
    }
    return Dataset.construct(pd.DataFrame(table))


def _encode(network: Any, embeddings: Any, job: Job, numbers: Any) -> Any:
    """Return float32 (sessions, factors): what the network makes of each session; nan where it knows no item of it.

    numbers: (items,) int64, the network's own for each item, 0 for one that it does not know.
    """
    import torch

    found = np.full((len(job.sessions), job.plan.factors), np.nan, np.float32)
    for first in range(0, len(found), job.plan.batch_size):
        sessions = [numbers[job.codes[begin:end]] for begin, end in job.sessions[first : first + job.plan.batch_size]]
        sessions = [session[session > 0] for session in sessions]
        batch = np.zeros((len(sessions), job.plan.length), np.int64)
        for row, session in zip(batch, sessions, strict=True):
            row[len(row) - len(session) :] = session
        encoded = network.encode_sessions({"x": torch.from_numpy(batch).to(embeddings.device)}, embeddings)
        is_known = batch.any(axis=1)
        found[first : first + len(batch)][is_known] = encoded[:, -1].cpu().numpy()[is_known]
    return found


if __name__ == "__main__":
    sys.exit(main(sys.argv[1:]))
