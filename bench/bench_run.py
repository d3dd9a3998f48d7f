"""The main job, measured: one day from an empty home, the same day again, and what lies outside the steps."""

import subprocess
import sys
import tempfile
import threading
import time
from dataclasses import dataclass
from os import environ
from pathlib import Path

import psutil

from overture.adapters.warehouse.query import query
from overture.settings import Settings

COMMAND = Path(sys.executable).parent / "overture"
DAY, USERS = "2017-11-28", 200


@dataclass(frozen=True)
class Measured:
    """Wall seconds, the peak memory of all processes together in MB, seconds within steps, drafts made."""

    seconds: float
    peak_mb: float
    step_seconds: float
    drafts_made: int


def main() -> None:
    """Run the day three times in a scratch home and print ratios; nothing is asserted."""
    with tempfile.TemporaryDirectory(prefix="overture-bench-") as home:
        settings = Settings.from_environment({"OVERTURE_HOME": home})
        first = _measure(settings, "--airflow")
        print(f"first run:   {first.seconds:6.1f} s, peak {first.peak_mb:5.0f} MB, {first.drafts_made} drafts made")
        _print_steps(settings)
        outside = 1 - first.step_seconds / first.seconds
        print(f"outside the steps (start, Airflow, opening the lake for each step, showing the result): {outside:.0%}")
        second = _measure(settings, "--airflow")
        print(f"second run:  {second.seconds:6.1f} s, peak {second.peak_mb:5.0f} MB, {second.drafts_made} drafts made")
        print(f"second / first: {second.seconds / first.seconds:.2f}")
        plain = _measure(settings)
        print(
            f"second run without Airflow: {plain.seconds:.1f} s, {plain.seconds / second.seconds:.2f} of that under it"
        )


def _measure(settings: Settings, *options: str) -> Measured:
    environment = {**environ, "OVERTURE_HOME": str(settings.home)}
    command = [str(COMMAND), "run", "--day", DAY, "--users", str(USERS), *options]
    start = time.perf_counter()
    process = subprocess.Popen(command, env=environment, stdout=subprocess.DEVNULL)
    peak = _PeakMemory(settings.home)
    code = process.wait()
    seconds = time.perf_counter() - start
    if code:
        raise SystemExit(f"the run ended with {code}")
    costs = query(
        settings, f"select sum(seconds) as s, sum(drafts_made) as d from marts.run_costs where data_day = '{DAY}'"
    )
    row = costs.to_pylist()[0]
    return Measured(seconds, peak.stop(), row["s"], int(row["d"]))


def _print_steps(settings: Settings) -> None:
    sql = f"select step, seconds, peak_mb from marts.run_costs where data_day = '{DAY}' order by seconds desc"
    for row in query(settings, sql).to_pylist():
        print(f"  {row['step']:24} {row['seconds']:6.1f} s {row['peak_mb']:7.0f} MB")


class _PeakMemory(threading.Thread):
    """Samples the summed memory (PSS: shared pages count once) of every process of one home, twice a second."""

    def __init__(self, home: Path) -> None:
        super().__init__(daemon=True)
        self.home, self.peak_mb, self.ended = str(home), 0.0, threading.Event()
        self.belongs: dict[tuple[int, float], bool] = {}
        self.start()

    def run(self) -> None:
        """Sample until stopped."""
        while not self.ended.wait(0.5):
            self.peak_mb = max(self.peak_mb, sum(self._memory_mb(process) for process in psutil.process_iter()))

    def stop(self) -> float:
        """End the sampling; return the peak in MB."""
        self.ended.set()
        self.join()
        return self.peak_mb

    def _memory_mb(self, process: psutil.Process) -> float:
        try:
            key = (process.pid, process.create_time())
            if key not in self.belongs:
                named = self.home in " ".join(process.cmdline())
                self.belongs[key] = named or process.environ().get("OVERTURE_HOME") == self.home
            return float(process.memory_full_info().pss) / 2**20 if self.belongs[key] else 0.0
        except psutil.Error:
            return 0.0


if __name__ == "__main__":
    main()
