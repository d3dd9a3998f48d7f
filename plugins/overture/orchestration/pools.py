"""Pools: the resources that runs share, each with its number of slots."""

WAREHOUSE_WRITER = "warehouse_writer"
GPU = "gpu"

POOLS = {
    WAREHOUSE_WRITER: (
        1,
        "Writers of the lake, one at a time: a waiting task costs no worker. The lake's own lock still decides.",
    ),
    GPU: (1, "The language model's devices: as many slots, and workers of write_copy, as there are GPUs for it."),
}
"""Name -> slots and description; laid into Airflow's database before it starts."""
