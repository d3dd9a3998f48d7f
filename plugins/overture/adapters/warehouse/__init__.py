"""The one door to DuckDB and the lake, and the home of all SQL outside dbt."""

from overture.adapters.warehouse.connection import Warehouse, open_warehouse

__all__ = ["Warehouse", "open_warehouse"]
