"""An object store in memory, for tests of what stands on one; it can lose, damage and refuse."""

from collections.abc import Callable, Iterator
from dataclasses import dataclass, field
from hashlib import sha256 as sha256_of
from pathlib import Path

from fanzha.errors import NotFound
from services.decision_log.archive.object_store import (
    SHA256_LABEL,
    ArchiveCause,
    ArchiveFault,
    ByteSink,
    ObjectName,
    StoredObject,
)


@dataclass
class MemoryObjects:
    """Objects by key."""

    contents: dict[str, bytes] = field(default_factory=dict)
    labels: dict[str, str] = field(default_factory=dict)
    puts: list[str] = field(default_factory=list)
    away: bool = False
    computes_checksums: bool = True
    on_the_way: Callable[[bytes], bytes] = bytes
    """What becomes of contents between us and the store."""

    def put(self, key: str, path: Path, *, sha256: str) -> None:
        self._check()
        self.puts.append(key)
        self.contents[key], self.labels[key] = self.on_the_way(path.read_bytes()), sha256

    def find(self, key: str) -> StoredObject | None:
        self._check()
        if key not in self.contents:
            return None
        content = self.contents[key]
        return StoredObject(
            key=key,
            size=len(content),
            sha256=sha256_of(content).hexdigest() if self.computes_checksums else "",
            labels={SHA256_LABEL: self.labels[key]},
        )

    def fetch(self, key: str, file: ByteSink) -> None:
        self._check()
        if key not in self.contents:
            raise NotFound("no such object")
        file.write(self.contents[key])

    def names(self, prefix: str) -> Iterator[ObjectName]:
        self._check()
        for key in sorted(self.contents):
            if key.startswith(prefix):
                yield ObjectName(key=key, size=len(self.contents[key]))

    def delete(self, keys: list[str]) -> None:
        self._check()
        for key in keys:
            self.contents.pop(key, None)

    def _check(self) -> None:
        if self.away:
            raise ArchiveFault(ArchiveCause.UNREACHABLE, "away")
