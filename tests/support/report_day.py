"""A published day of any size for its report: rows for every section, some of them hostile."""

from datetime import date
from pathlib import Path

import numpy as np

from overture.adapters.artifacts import factors_folder, save_factors
from overture.adapters.warehouse import Warehouse
from overture.adapters.warehouse.contracts import contracts
from overture.adapters.warehouse.landing import ensure_raw_tables
from overture.adapters.warehouse.recalls import RECALLS, WITHDRAWN
from overture.adapters.warehouse.runs import RUNS
from overture.core.factors import Factors
from overture.run import Run
from overture.settings import Settings

DAY = date(2017, 11, 28)
HOSTILE = '<img src=x onerror=alert(1)> "it\'s" \u202eevil\u202c </script><script>alert(2)</script> {{ 7*7 }} </title>'
SHOWN = HOSTILE.replace("\u202e", "\\u202e").replace("\u202c", "\\u202c")
"""The hostile text as a page shows it: the signs that turn the direction of reading are spelt out."""

ROWS = Path(__file__).resolve().parent.parent / "data" / "report_day.sql"
ITEMS = 600


def publish(warehouse: Warehouse, settings: Settings, messages: int) -> Run:
    """Lay a published day with so many messages, and twenty places in lists for each, into an empty lake."""
    ensure_raw_tables(warehouse)
    for table in (*(f"marts.{name}" for name in contracts()), "copy.canaries", RUNS, RECALLS, WITHDRAWN):
        warehouse.ensure_table(table)
    given = {"day": DAY, "messages": messages, "items": ITEMS, "hostile": HOSTILE}
    for statement in ROWS.read_text(encoding="utf-8").split(";\n"):
        if statement.strip():
            warehouse.execute(statement, {name: value for name, value in given.items() if f"${name}" in statement})
    rng = np.random.default_rng(1)
    ids = np.sort(np.array([f"item-{number}" for number in range(ITEMS)]))
    factors = rng.normal(size=(2, len(ids), 8)).astype(np.float32)
    save_factors(factors_folder(settings, DAY), Factors(factors[0], factors[1], ids, ids), {"data_day": str(DAY)})
    return Run(settings, DAY, None, HOSTILE, 1)
