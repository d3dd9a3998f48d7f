"""Stands where the sequence environment's interpreter does: leaves embeddings that are no one's learning.

Started as `python sequence_double.py FOLDER FAULT -m MODULE --folder FOLDER` by a script that `make_python` writes.
Keeps the job in FOLDER/job-*; an item likes the sessions that it ends, and the one after it a little.
"""

import os
import shutil
import signal
import sys
from pathlib import Path

import numpy as np

from overture.adapters.sequence_engine.exchange import Job, Trained, read_job, write_trained
from overture.settings import PACKAGE


def make_python(folder: Path, fault: str = "none") -> Path:
    """Return an interpreter that is none, in `folder`; fault: how it fails, see `main`."""
    python = folder / "python"
    double = f'"{sys.executable}" "{__file__}" "{folder}" {fault}'
    python.write_text(f'#!/bin/sh\nPYTHONPATH="{PACKAGE.parent}" exec {double} "$@"\n', encoding="utf-8")
    python.chmod(0o755)
    return python


def jobs(folder: Path) -> list[Job]:
    """Return every job that the interpreter of `folder` was given, in order."""
    return [read_job(path) for path in sorted(folder.glob("job-*"))]


def main(folder: str, fault: str, _flag: str, _module: str, _option: str, job_folder: str) -> int:
    """Do what the worker would: the factors of a session are those of its last item, one of its own for each item."""
    shutil.copytree(job_folder, Path(folder) / f"job-{len(jobs(Path(folder)))}")
    job = read_job(Path(job_folder))
    if fault == "refuses":
        print("some library's chatter\nStrategyError: training went astray; where: here")
        return 1
    if fault == "fails":
        print("ValueError: no such thing")
        return 1
    if fault == "dies":
        os.kill(os.getpid(), signal.SIGKILL)
    if fault == "leaves_nothing":
        return 0
    items = np.eye(job.items, job.plan.factors, dtype=np.float32)
    items += 0.1 * np.roll(items, 1, axis=1)
    if fault == "does_not_know_item_0":
        items[0] = np.nan
    users = np.nan_to_num(items)[job.codes[job.sessions[:, 1] - 1]]
    epochs = 1 if fault == "stops_early" else job.plan.epochs
    rows = len(users) - 1 if fault == "leaves_too_few" else len(users)
    write_trained(Path(job_folder), Trained(users[:rows], items, epochs, 0.5, "cpu", 1.25))
    if fault == "leaves_pickles":
        np.save(Path(job_folder) / "users.npy", np.array([{}]), allow_pickle=True)
    return 0


if __name__ == "__main__":
    sys.exit(main(*sys.argv[1:]))
