"""ALS of Spark's MLlib, run by the environment that scripts/environment spark builds; bench_spark calls it.

Usage: python spark_als.py <folder>, which holds ratings.parquet (user, item int32, rating float32) and parameters.json.
Writes users.parquet and items.parquet (id, features) there and prints as JSON what the fit took.
"""

import json
import os
import sys
import time
from pathlib import Path

from pyspark.ml.recommendation import ALS
from pyspark.sql import SparkSession


def main(folder: Path) -> None:
    """Fit to the ratings of the folder; reading them and starting Spark is not part of what is measured."""
    given = json.loads((folder / "parameters.json").read_text(encoding="utf-8"))
    session = (
        SparkSession.builder.master(f"local[{given['threads']}]")
        .config("spark.driver.memory", given["memory"])
        .config("spark.ui.enabled", "false")
        .config("spark.ui.showConsoleProgress", "false")
        .config("spark.driver.host", "127.0.0.1")
        .config("spark.driver.bindAddress", "127.0.0.1")
        .config("spark.local.dir", str(folder))
        .getOrCreate()
    )
    session.sparkContext.setLogLevel("ERROR")
    ratings = session.read.parquet(str(folder / "ratings.parquet")).cache()
    count = ratings.count()
    als = ALS(
        userCol="user",
        itemCol="item",
        ratingCol="rating",
        implicitPrefs=True,
        rank=given["factors"],
        maxIter=given["iterations"],
        alpha=given["alpha"],
        regParam=given["regularization"],
        seed=given["seed"],
        numUserBlocks=given["threads"],
        numItemBlocks=given["threads"],
        checkpointInterval=-1,
    )
    wall, cpu = time.perf_counter(), _cpu_seconds(session)
    model = als.fit(ratings)
    # The factors are computed when they are asked for: the last of them only now.
    users, items = model.userFactors.count(), model.itemFactors.count()
    taken = {"wall": time.perf_counter() - wall, "cpu": _cpu_seconds(session) - cpu}
    for name, factors in (("users", model.userFactors), ("items", model.itemFactors)):
        factors.write.parquet(str(folder / f"{name}.parquet"))
    print(json.dumps({**taken, "ratings": count, "users": users, "items": items, "version": session.version}))
    session.stop()


def _cpu_seconds(session: SparkSession) -> float:
    """Return the CPU seconds of the Java process, all threads."""
    process = session.sparkContext._gateway.proc.pid
    # The name, second, may hold blanks and is in brackets.
    fields = Path(f"/proc/{process}/stat").read_text(encoding="ascii").rpartition(")")[2].split()
    return (int(fields[11]) + int(fields[12])) / os.sysconf("SC_CLK_TCK")


if __name__ == "__main__":
    main(Path(sys.argv[1]))
