import os
import subprocess
import sys

from overture.settings import Settings

# Runs in a mount namespace of its own, where the lake's folder is a disk of 4 MB.
SCRIPT = """
import sys
from datetime import date
import numpy as np, pyarrow as pa
from overture.adapters.warehouse import open_warehouse
from overture.errors import HomeError
from overture.settings import Settings

day, table = date(2017, 11, 28), "candidate.recommendations"
with open_warehouse(Settings.from_environment()) as warehouse:
    def rows(count):
        scores = np.random.default_rng(0).random(count)
        return pa.table({"data_day": [day] * count, "user_id": [str(x) for x in scores], "score": scores})
    warehouse.replace_day(table, day, rows(10))
    try:
        warehouse.replace_day(table, day, rows(1_000_000))
    except HomeError as error:
        print(error.exit_code, error)
    print(warehouse.rows(f"select count(*) from {table}"))
"""


def test_a_full_disk_is_named_and_leaves_the_last_rows_whole(settings: Settings) -> None:
    settings.ensure_home()
    environment = {**os.environ, "OVERTURE_HOME": str(settings.home), "OVERTURE_CATALOG": str(settings.catalog)}
    with_small_disk = 'mount -t tmpfs -o size=4m none "$OVERTURE_HOME/warehouse" && exec "$0" -c "$1"'
    # Root mounts as it is; anybody else becomes root of a user namespace first.
    namespaces = ["--mount"] if os.geteuid() == 0 else ["--user", "--map-root-user", "--mount"]
    command = ["unshare", *namespaces, "sh", "-c", with_small_disk, sys.executable, SCRIPT]
    ended = subprocess.run(command, env=environment, capture_output=True, text=True, check=False)
    assert ended.returncode == 0, ended.stderr
    error, after = ended.stdout.splitlines()
    assert error.startswith(f"2 the disk is full; where: {settings.home}; expected: ")
    assert after == "[(10,)]"
