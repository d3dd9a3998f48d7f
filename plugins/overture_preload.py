"""Airflow runs this file in each of its processes. In the scheduler it imports the heavy libraries once.

Tasks are forked from the scheduler and find them imported, which saves each gate and each dbt task some seconds. Only
imports happen here: no connection, thread or engine may be open when the scheduler forks. Our own modules are left out,
so that a task always runs them as they are on disk.
"""

import importlib
import sys

HEAVY = ("dbt.cli.main", "dbt.adapters.duckdb", "great_expectations", "pandas", "pyarrow", "scipy.sparse")

if sys.argv[1:2] == ["scheduler"]:
    for name in HEAVY:
        importlib.import_module(name)
