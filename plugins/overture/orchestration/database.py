"""Airflow's own database, made ready: tables of this version, and the pools.

Run as a module (`python -m overture.orchestration.database`) with Airflow's environment, before its processes start.
"""


def prepare_database() -> None:
    """Bring the database that Airflow's environment names to this version of Airflow, and lay in the pools."""
    from airflow.models.pool import Pool
    from airflow.utils.db import upgradedb

    from overture.orchestration.pools import POOLS

    upgradedb()
    for name, (slots, description) in POOLS.items():
        Pool.create_or_update_pool(name, slots=slots, description=description, include_deferred=False)


if __name__ == "__main__":
    prepare_database()
