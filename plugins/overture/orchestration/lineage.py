"""Tells OpenLineage what a task reads and writes, and which columns are made of which; Airflow's provider asks.

The provider finds this class by `[openlineage] extractors` (`airflow_environment`). It is asked in the task's own
process, at its start and at its end, and nothing that goes wrong here reaches the task. Each of Airflow's processes
imports this module and, until a task asks, none else of ours, so that a task runs them as they are on disk.
"""

from airflow.providers.openlineage.extractors.base import BaseExtractor, OperatorLineage
from openlineage.client.event_v2 import Dataset
from openlineage.client.facet_v2 import DatasetFacet, column_lineage_dataset, schema_dataset

OPERATORS = ("_PythonDecoratedOperator", "DecoratedSensorOperator", "ApprovalOperator")
"""Types of our tasks, as Airflow calls them."""


class StepExtractor(BaseExtractor):  # type: ignore[misc]
    """Finds the tables of a task by its name."""

    @classmethod
    def get_operator_classnames(cls) -> list[str]:
        """Return the types of tasks that it is asked about."""
        return list(OPERATORS)

    def _execute_extraction(self) -> OperatorLineage:
        """Return what the task reads and writes."""
        from overture.lineage import dataset, tables_of

        tables = tables_of(self.operator.task_id)
        return OperatorLineage(
            inputs=[Dataset(*dataset(table)) for table in tables.reads],
            outputs=[Dataset(*dataset(table)) for table in tables.writes],
        )

    def extract_on_complete(self, task_instance: object) -> OperatorLineage:
        """Return the same with the columns of what was written; at the start they would only double an event's size."""
        from overture.lineage import tables_of

        tables = tables_of(self.operator.task_id)
        lineage = self._execute_extraction()
        for table, written in zip(tables.writes, lineage.outputs, strict=True):
            written.facets = _facets(table, tables.reads)
        return lineage

    def extract_on_failure(self, task_instance: object) -> OperatorLineage:
        """Return what the task reads and would have written."""
        return self._execute_extraction()


def _facets(table: str, reads: tuple[str, ...]) -> dict[str, DatasetFacet]:
    from overture.lineage import columns_of, made_of

    columns = columns_of(table)
    fields = [schema_dataset.SchemaDatasetFacetFields(name, kind) for name, kind in columns.items()]
    found: dict[str, DatasetFacet] = {"schema": schema_dataset.SchemaDatasetFacet(fields=fields)} if fields else {}
    origins = {
        column: column_lineage_dataset.Fields(inputFields=parts)
        for column in columns
        if (parts := [_origin(part) for part in made_of(table, column) if part.rpartition(".")[0] in reads])
    }
    if origins:
        found["columnLineage"] = column_lineage_dataset.ColumnLineageDatasetFacet(fields=origins)
    return found


def _origin(column: str) -> column_lineage_dataset.InputField:
    from overture.lineage import dataset

    table, _, name = column.rpartition(".")
    return column_lineage_dataset.InputField(*dataset(table), name)
