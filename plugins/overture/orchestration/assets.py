"""Assets: what a published day offers to other DAGs. Nothing here waits for one: the pipeline is periodic."""

from airflow.sdk import Asset

from overture.lineage import address

TABLES = (
    "recommendations",
    "recommendation_reasons",
    "drops",
    "messages",
    "message_claims",
    "model_metrics",
    "validations",
    "run_costs",
)
"""The tables that others may rely on."""

PUBLISHED = [Asset(name=f"marts.{table}", uri=address(f"marts.{table}"), group="overture") for table in TABLES]
"""One asset a table; its event carries the data day as the partition key of the run."""
