"""Print docs/lineage.md from what overture.lineage knows. Usage: scripts/lineage_page.py > docs/lineage.md"""

from overture.lineage import TASKS, columns_of, made, made_of, roots_of, tables_of

OPENING = """\
# Lineage and metrics

Made from `dbt_project/lineage.json` and `plugins/overture/lineage.py` by `scripts/lineage_page.py`; change it there.
Why one message says what it says, row by row, is what `overture explain` answers; here are tables and columns.

## Events of OpenLineage

Every task of every DAG sends events at its start and its end (or failure) by Airflow's own provider. They lie in
`OVERTURE_HOME/lineage/events.jsonl`, one a line, appended. A dataset's namespace and name, with a stroke between, are
the address of Airflow's asset: `overture://marts` and `messages` are `overture://marts/messages`. Outputs carry their
columns with types, and what each is made of. No row, and nothing of a reader, is in an event.

To send them to Marquez, or anything else that speaks OpenLineage, set a transport before `make up` or `make run`:

```sh
export AIRFLOW__OPENLINEAGE__TRANSPORT='{"type": "http", "url": "http://marquez.example:5000"}'
```

Settings of your own named `AIRFLOW__OPENLINEAGE__...` or `OPENLINEAGE_...` go before ours; with
`AIRFLOW__OPENLINEAGE__DISABLED=true` there are no events. A receiver that is away fails no task: the task's log has a
warning. The file only grows; move it away when it is large, and the next event begins another.

## Metrics

Each published day has `OVERTURE_HOME/reports/<day>/metrics.prom`, and `OVERTURE_HOME/reports/metrics.prom` has those of
the newest day: messages, refusals, shares of rungs, drafts, tokens and seconds by step, what each gate saw and decided,
and how personal the messages are. Each is a gauge with its meaning beside it, and is replaced by the next day's;
`overture_data_day_timestamp_seconds` says which day that is. A recall writes them again. By node_exporter:

```sh
node_exporter --collector.textfile.directory="$OVERTURE_HOME/reports"
```

and in Prometheus's configuration:

```yaml
scrape_configs:
  - job_name: overture
    static_configs:
      - targets: ["localhost:9100"]
```

Drift is `overture_gate_observed{expectation="the_day_is_not_far_from_the_usual"}`, a day too late
`time() - overture_data_day_timestamp_seconds > 2.5 * 86400`.

Airflow's own metrics are off. Turn them on by Airflow's own settings, which reach all its processes:

```sh
export AIRFLOW__METRICS__STATSD_ON=true AIRFLOW__METRICS__STATSD_HOST=statsd.example
export AIRFLOW__METRICS__OTEL_ON=true   # and OTEL_EXPORTER_OTLP_ENDPOINT, for OpenTelemetry instead
```
"""


def page() -> str:
    """Return the whole page."""
    return "\n".join([OPENING, *_tasks(), *_columns()]).rstrip() + "\n"


def _tasks() -> list[str]:
    head = ["## What each task reads and writes", "", "| task | reads | writes |", "|---|---|---|"]
    rows = []
    for task in TASKS:
        tables = tables_of(task)
        if tables.reads or tables.writes:
            rows.append(f"| `{task}` | {_listed(tables.reads)} | {_listed(tables.writes)} |")
    return [*head, *rows, ""]


def _columns() -> list[str]:
    lines = [
        "## What each published column is made of",
        "",
        "A column is made of all that its expression names. What only chooses rows (joins, filters, the order by which",
        "one of several is picked) is left out. Columns of `marts` are those of their candidates, published as they",
        "are. Columns that come of no table, such as the day itself, are not listed.",
        "",
    ]
    for table in sorted(name for name in made() if name.startswith("candidate.")):
        rows = [
            f"| `{column}` | {_listed(parts)} | {_listed(roots_of(table, column))} |"
            for column in columns_of(table)
            if (parts := made_of(table, column))
        ]
        lines += [f"### {table.removeprefix('candidate.')}", ""]
        lines += ["| column | made of | in the end of |", "|---|---|---|", *rows, ""]
    return lines


def _listed(names: tuple[str, ...]) -> str:
    return ", ".join(f"`{name}`" for name in names)


if __name__ == "__main__":
    print(page(), end="")
