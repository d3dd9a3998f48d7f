"""The scheduler imports the heavy libraries before it forks its workers: its children must be able to use them."""

import json
import subprocess
import sys
from pathlib import Path

from overture.settings import CHECKOUT

PRELOAD = CHECKOUT / "plugins" / "overture_preload.py"

LOADED_AS = """
import json, runpy, sys
sys.argv = ["airflow", sys.argv[2]]
runpy.run_path({preload!r})
print(json.dumps(sorted(sys.modules)))
"""

FORKED = """
import os, runpy, signal, sys, threading
sys.argv = ["airflow", "scheduler"]
runpy.run_path({preload!r})
assert threading.active_count() == 1, threading.enumerate()

def use_everything():
    import duckdb, numpy, pandas
    import great_expectations as gx
    from dbt.cli.main import dbtRunner

    connection = duckdb.connect(config={{"threads": 2}})
    table = connection.sql("select range % 7 as k, range as v from range(300000)").to_arrow_table()
    frame = table.to_pandas().groupby("k").v.sum()
    assert frame.sum() == 300000 * 299999 // 2
    assert numpy.allclose(numpy.ones((600, 600)) @ numpy.ones((600, 600)), 600)
    batch = (
        gx.get_context(mode="ephemeral").data_sources.add_pandas("p").add_dataframe_asset("a")
        .add_batch_definition_whole_dataframe("b").get_batch({{"dataframe": frame.reset_index()}})
    )
    assert batch.validate(gx.expectations.ExpectColumnValuesToBeUnique(column="k")).success
    assert dbtRunner().invoke(["--version"]) is not None

for _ in range(4):
    child = os.fork()
    if child == 0:
        signal.alarm(120)
        try:
            use_everything()
        except BaseException as error:
            print(repr(error), flush=True)
            os._exit(1)
        os._exit(0)
    assert os.waitpid(child, 0)[1] == 0
"""


def run(program: str, *arguments: str) -> str:
    command = [sys.executable, "-c", program.format(preload=str(PRELOAD)), "-", *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    assert done.returncode == 0, done.stdout + done.stderr
    return done.stdout


def test_only_the_scheduler_pays_for_the_heavy_libraries() -> None:
    scheduler = set(json.loads(run(LOADED_AS, "scheduler")))
    assert {"great_expectations", "dbt", "pandas", "duckdb"} <= scheduler
    assert {"great_expectations", "dbt", "pandas"} & set(json.loads(run(LOADED_AS, "api-server"))) == set()


def test_a_task_runs_our_own_modules_as_they_are_on_disk() -> None:
    assert [name for name in json.loads(run(LOADED_AS, "scheduler")) if name.split(".")[0] == "overture"] == []


def test_processes_forked_from_the_scheduler_can_use_what_it_has_imported(tmp_path: Path) -> None:
    run(FORKED)
