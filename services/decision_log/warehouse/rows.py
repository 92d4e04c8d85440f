"""The columns of the warehouse, made of those of the log: no numbers, names, texts or links.

Parties are keyed hashes. Entries of numbers and senders are left out, because their ids are hashes
without a key; patterns, URLs and whatever names a related number are left out, too.
"""

from collections.abc import Callable
from dataclasses import dataclass
from typing import Any

import numpy as np
import pyarrow as pa
import pyarrow.compute as pc

from fanzha.tables import Int64s
from services.decision_log.warehouse.keyed_hash import HashKey, hashed

_COPIED = (
    *("decision_id", "decided_at_ms", "occurred_at_ms", "action", "reason", "score", "threshold"),
    *("monitored", "carrier", "fraud_type", "source", "evidence", "host", "list_version"),
    *("model_version", "velocity_score", "ingress", "attestation", "weight"),
)
NEEDED = (*_COPIED, "from_key", "to_key", "entry_id")
"""Columns of the log that are read."""

WAREHOUSE = pa.schema(
    [
        ("decision_id", pa.uint64()),
        ("decided_at_ms", pa.int64()),
        ("occurred_at_ms", pa.int64()),
        ("action", pa.string()),
        ("reason", pa.string()),
        ("score", pa.float32()),
        ("threshold", pa.float32()),
        ("monitored", pa.bool_()),
        ("carrier", pa.string()),
        ("fraud_type", pa.string()),
        ("source", pa.string()),
        ("evidence", pa.string()),
        ("host", pa.string()),
        ("list_version", pa.int64()),
        ("model_version", pa.string()),
        ("velocity_score", pa.float32()),
        ("ingress", pa.string()),
        ("attestation", pa.string()),
        ("weight", pa.uint32()),
        ("from_hash", pa.uint64()),
        ("to_hash", pa.uint64()),
        ("region", pa.string()),
        ("latency_ms", pa.int64()),
        ("entry_id", pa.string()),
    ]
)
"""A decision in the warehouse, besides the partitions ``day`` and ``kind``. ``latency_ms`` is from
the event to its decision, ``region`` that of who was called or written to."""

_OF_PARTIES = "^[ns]"
"""Ids of entries of numbers and of senders, see `blocklists.entries.entry_id`."""


@dataclass(frozen=True, slots=True)
class RegionColumn:
    """Regions of a column of numbers."""

    places: Int64s
    """Where in *names* the region of each number is."""
    names: list[str]


FindRegions = Callable[[Int64s], RegionColumn]


def no_regions(numbers: Int64s) -> RegionColumn:
    """Know no region."""
    return RegionColumn(np.zeros(len(numbers), np.int64), ["unknown"])


def of_log(table: pa.Table, key: HashKey, regions: FindRegions) -> pa.Table:
    """Make rows of the warehouse of rows of the log, which have the columns `NEEDED`."""
    to_keys = table["to_key"].to_numpy()
    found = regions(to_keys)
    is_of_party = pc.match_substring_regex(table["entry_id"], _OF_PARTIES)
    columns: dict[str, Any] = {name: table[name] for name in _COPIED}
    columns |= {
        "from_hash": hashed(key, table["from_key"].to_numpy()),
        "to_hash": hashed(key, to_keys),
        "region": pa.DictionaryArray.from_arrays(
            pa.array(found.places.astype(np.int32)), pa.array(found.names, pa.string())
        ).cast(pa.string()),
        "latency_ms": pc.subtract(table["decided_at_ms"], table["occurred_at_ms"]),
        "entry_id": pc.if_else(is_of_party, pa.scalar(None, pa.string()), table["entry_id"]),
    }
    return pa.table([columns[name] for name in WAREHOUSE.names], names=WAREHOUSE.names).cast(
        WAREHOUSE
    )
