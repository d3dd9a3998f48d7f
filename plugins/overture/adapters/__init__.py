"""One door to each outside thing: the warehouse, dbt, implicit, vLLM, the sources' files."""
