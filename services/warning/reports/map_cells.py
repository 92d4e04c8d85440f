"""Reads the counts of cells (`cases.region_counts`) as columns, and keeps them between requests.

Each shard counts how often a month was changed, so a request reads sixteen small hashes and the
months that changed. Two years of a hundred thousand cases are some hundred thousand cells: 15 MB.
"""

import asyncio
from collections.abc import Mapping
from dataclasses import dataclass, field
from datetime import date
from typing import Any

import numpy as np
import numpy.typing as npt

from fanzha.tables import Int64s
from infra.redis.client import Client, within
from infra.redis.damaged_records import readable
from services.warning import keys
from services.warning.cases import region_counts
from services.warning.cases.region_counts import METRICS
from services.warning.model import Region

_SECONDS = 10.0
_EPOCH = date(1970, 1, 1)
_AT_ONCE = 16
"""Months of shards read by one request to the store."""
_Month = tuple[str, str]


@dataclass(frozen=True, slots=True, kw_only=True)
class MapCells:
    """Cells as columns; row i is cell i. Several rows may be the same cell: add them up."""

    regions: tuple[Region, ...]
    region: Int64s
    """Place in ``regions``."""
    kind: Int64s
    """Kind of fraud, numbered as on the wire."""
    day: Int64s
    """Day in China, counted from 1970."""
    values: npt.NDArray[np.int64]
    """A row for each cell, a column for each of `METRICS`."""

    def __len__(self) -> int:
        return len(self.day)


@dataclass(slots=True)
class _Known:
    """The cells of one month of one shard."""

    version: str
    columns: npt.NDArray[np.int64]
    """Region, kind, day, then `METRICS`."""


@dataclass(slots=True)
class MapCellStore:
    """Reads the cells. Raises `Unavailable` while Redis is away."""

    client: Any
    """A client that returns text."""
    _months: dict[_Month, _Known] = field(default_factory=dict)
    _regions: dict[str, int] = field(default_factory=dict)
    _cells: MapCells | None = None
    _one_at_a_time: asyncio.Lock = field(default_factory=asyncio.Lock)

    @classmethod
    def of(cls, client: Client) -> "MapCellStore":
        """Return the store; *client* must decode answers."""
        return cls(client)

    async def current(self) -> MapCells:
        """Return all cells there are now."""
        async with self._one_at_a_time:
            stale = await self._stale()
            names = list(stale)
            for start in range(0, len(names), _AT_ONCE):
                await self._read(names[start : start + _AT_ONCE], stale)
            if stale or self._cells is None:
                self._cells = self._joined()
            return self._cells

    async def _stale(self) -> dict[_Month, str]:
        """Return the months that changed since they were read, and their versions."""
        async with within(_SECONDS):
            asking = self.client.pipeline(transaction=False)
            for shard in keys.SHARDS:
                asking.hgetall(keys.key(shard, *region_counts.MONTHS))
            answers = await asking.execute()
        found = {
            (shard, month): version
            for shard, versions in zip(keys.SHARDS, answers, strict=True)
            for month, version in versions.items()
        }
        return {
            name: version
            for name, version in found.items()
            if name not in self._months or self._months[name].version != version
        }

    async def _read(self, names: list[_Month], versions: Mapping[_Month, str]) -> None:
        async with within(_SECONDS):
            asking = self.client.pipeline(transaction=False)
            for shard, month in names:
                asking.hgetall(keys.key(shard, *region_counts.month_key(month)))
            answers = await asking.execute()
        for name, fields in zip(names, answers, strict=True):
            columns = await asyncio.to_thread(self._columns, name[1], fields)
            self._months[name] = _Known(versions[name], columns)

    def _columns(self, month: str, fields: Mapping[str, str]) -> npt.NDArray[np.int64]:
        first = (date.fromisoformat(f"{month}-01") - _EPOCH).days - 1
        cells: dict[tuple[int, int, int], list[int]] = {}

        def read(pair: tuple[str, str]) -> None:
            region, kind, day, metric = region_counts.read_field(pair[0])
            place = self._regions.setdefault(region, len(self._regions))
            cell = cells.setdefault((place, kind, first + day), [0] * len(METRICS))
            cell[metric] = int(pair[1])

        list(readable("count of the map", read, fields.items()))
        rows = [(*name, *values) for name, values in cells.items()]
        return np.array(rows, np.int64).reshape(-1, 3 + len(METRICS))

    def _joined(self) -> MapCells:
        empty = np.zeros((0, 3 + len(METRICS)), np.int64)
        all_ = np.concatenate([empty, *(one.columns for one in self._months.values())])
        return MapCells(
            regions=tuple(_region(text) for text in self._regions),
            region=all_[:, 0],
            kind=all_[:, 1],
            day=all_[:, 2],
            values=all_[:, 3:],
        )


def _region(text: str) -> Region:
    province, city, county = text.split("/")
    return Region(province=province, city=city, county=county)
