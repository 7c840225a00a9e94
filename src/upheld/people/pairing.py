"""The night's pairs found on Spark by Splink, for more records than one machine compares in a night (`[match] spark` in `upheld.toml`).

Spark gets hashes and numbers of records, never a name or an address: hashes hold for one night alone. What the pairs mean is worked out
here, as for pairs that this process finds itself, so that both ways come to the same links.
"""

from __future__ import annotations

import logging
from collections.abc import Iterator
from functools import partial
from typing import TYPE_CHECKING, Any, Final, cast

import numpy as np

from upheld.errors import Invalid
from upheld.home import Home
from upheld.people.resolving import LARGEST_CLUSTER, Pairing, Shared

if TYPE_CHECKING:
    from pyspark.sql import DataFrame, SparkSession

_SHARED: Final = "l.hash = r.hash"


def pairing(home: Home) -> Pairing | None:
    """Who finds the pairs, as the settings want it; None: this process."""
    address = home.setting("match", "spark")
    return partial(on_spark, address) if address else None


def on_spark(address: str, shared: Shared) -> Iterator[tuple[int, int]]:
    """`Pairing` on the Spark that `address` names (`local[2]`, `spark://…`). `Invalid` without the extras `spark` and `matching`."""
    try:
        from splink import Linker, SparkAPI

        from upheld.engines.spark import Spark
    except ImportError as error:
        raise Invalid("`spark` in `[match]` needs two extras: install `upheld[spark,matching]`") from error
    spark = Spark(address)
    try:
        frame = _frame(spark.session, shared)
        logging.getLogger("splink").setLevel(logging.CRITICAL)  # it tells of models that need training; none is trained
        database = cast("Any", SparkAPI)(spark_session=spark.session, break_lineage_method="persist", register_udfs_automatically=False)
        linker = Linker(cast("Any", frame), _SETTINGS, database)
        pairs = linker.inference.deterministic_link().as_spark_dataframe().select("number_l", "number_r").distinct()
        for row in pairs.toLocalIterator():
            if row[0] != row[1]:
                yield min(row[0], row[1]), max(row[0], row[1])
    finally:
        spark.close()


_SETTINGS: Final[dict[str, Any]] = {
    "link_type": "dedupe_only",
    "unique_id_column_name": "at",
    "comparisons": [],
    "blocking_rules_to_generate_predictions": [_SHARED],
    "retain_matching_columns": True,
    "additional_columns_to_retain": ["number"],
}


def _frame(session: SparkSession, shared: Shared) -> DataFrame:
    """The hashes of a few records each, as a table."""
    import pyarrow as pa

    hashes, numbers = shared
    table = pa.table({"at": np.arange(len(hashes)), "hash": hashes, "number": numbers.astype(np.int64)})
    session.createDataFrame(table).createOrReplaceTempView("upheld_shared")
    return session.sql(
        f"WITH once AS (SELECT min(at) AS at, hash, number FROM upheld_shared GROUP BY hash, number), "  # noqa: S608 - a number of this module
        f"few AS (SELECT hash FROM once GROUP BY hash HAVING count(*) BETWEEN 2 AND {LARGEST_CLUSTER}) "
        "SELECT at, once.hash, number FROM once JOIN few ON once.hash = few.hash"
    )
