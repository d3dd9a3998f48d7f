"""Pools: the resources that runs share, each with its number of slots."""

WAREHOUSE_WRITER = "warehouse_writer"
GPU = "gpu"

POOLS = {
    WAREHOUSE_WRITER: (
        1,
        "Writers of the lake, one at a time: a waiting task costs no worker. The lake's own lock still decides.",
    ),
    GPU: (1, "The language model's device: one engine at a time fits its memory."),
}
"""Name -> slots and description; laid into Airflow's database before it starts."""
