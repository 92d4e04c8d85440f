"""What lies in the embedded store, by kind of key: which kinds grow, and whether they expire."""

import re
from collections import defaultdict
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import redis

from infra.data_paths import VALKEY

_MIB = 2**20
_BATCH = 500
_CHANGING = re.compile(r"[0-9a-f]{8,}|\d+")
"""What differs between keys of a kind: numbers, names of commits, digests."""


@dataclass(frozen=True, slots=True, kw_only=True)
class KeyKind:
    """All keys whose names differ in numbers only."""

    keys: int = 0
    mib: float = 0.0
    expiring: int = 0
    """How many of them have a moment at which they go."""


class StoreKeys:
    """Looks into the embedded store of a service as its owner."""

    def __init__(self, folder: Path) -> None:
        """*folder* is the data folder of the service."""
        self._url = folder / VALKEY / "url"

    def used_mib(self) -> float:
        """Return what data and buffers take; 0 while the store does not answer."""
        with suppress(redis.RedisError, OSError), self._connected() as client:
            return int(client.info("memory")["used_memory"]) / _MIB
        return 0.0

    def kinds(self) -> dict[str, KeyKind]:
        """Return what each kind of key takes; reads all keys, a thousand in some milliseconds."""
        found = defaultdict[str, list[float]](lambda: [0, 0.0, 0])
        with self._connected() as client:
            names = list(client.scan_iter(count=_BATCH))
            for first in range(0, len(names), _BATCH):
                for name, size, left_ms in _told(client, names[first : first + _BATCH]):
                    kind = found[_CHANGING.sub("*", name.decode(errors="replace"))]
                    kind[0] += 1
                    kind[1] += size / _MIB
                    kind[2] += left_ms >= 0
        return {
            name: KeyKind(keys=int(keys), mib=mib, expiring=int(expiring))
            for name, (keys, mib, expiring) in sorted(found.items())
        }

    @contextmanager
    def _connected(self) -> Iterator[Any]:
        with redis.Redis.from_url(self._url.read_text().strip()) as client:
            yield client


def _told(client: Any, names: list[bytes]) -> Iterator[tuple[bytes, int, int]]:
    with client.pipeline(transaction=False) as asking:
        for name in names:
            asking.memory_usage(name, samples=20)
            asking.pttl(name)
        answers = asking.execute()
    for at, name in enumerate(names):
        size, left_ms = answers[2 * at : 2 * at + 2]
        if size is not None:  # it is gone meanwhile
            yield name, size, left_ms
