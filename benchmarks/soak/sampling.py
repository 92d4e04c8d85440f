"""What a running service holds at one moment: memory and open files by role, files by folder.

Of the workers, the oldest is apart: the others are killed now and then, so nothing grows old there.
"""

import os
from collections import defaultdict
from contextlib import suppress
from dataclasses import asdict, dataclass
from pathlib import Path
from typing import Any

from benchmarks import footprint, processes
from benchmarks.load.connection import OK
from benchmarks.load.plan import Outcome
from benchmarks.service import Service
from benchmarks.soak.memory import Memory, memory_of

_MIB = 2**20
_WORKER, _OLDEST, _OTHERS = "worker", "oldest worker", "other workers"
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look."""

    at: float
    """Seconds since the load began."""
    memory: dict[str, Memory]
    """By role."""
    rss_mib: dict[str, float]
    open_files: dict[str, int]
    processes: dict[str, int]
    folder_mib: dict[str, float]
    """By the first folder below the data folder."""
    files: dict[str, int]
    store_mib: float
    """What the store says its data and buffers take; 0 while it does not answer."""
    p99_ms: float
    """Of the requests since the last look."""
    late_p99_ms: float
    """How late the generator sent them; a part of those."""
    server_cores: float
    """Processor time a second; below zero where a process has ended meanwhile."""
    generator_cores: float
    statuses: dict[str, int]
    """Requests by gRPC status."""

    @property
    def answered(self) -> int:
        """Requests that were decided in time."""
        return self.statuses.get(OK, 0)

    @property
    def failed(self) -> int:
        """Requests that were not."""
        return sum(self.statuses.values()) - self.answered

    @property
    def whole(self) -> Memory:
        """Memory of all processes together."""
        return sum(self.memory.values(), start=Memory())

    def words(self) -> dict[str, Any]:
        """Write it, for JSON."""
        return {name: _words(getattr(self, name)) for name in self.__slots__}


def look(running: Service, *, at: float, store_mib: float, outcome: Outcome) -> Sample:
    """Look at all processes and files of a service, after some load."""
    memory, rss = defaultdict[str, Memory](Memory), defaultdict[str, float](float)
    handles, count = defaultdict[str, int](int), defaultdict[str, int](int)
    found = processes.tree(running.pid)
    oldest = processes.oldest([one for one in found if footprint.role(one) == _WORKER])
    for process in found:
        role = footprint.role(process)
        if role == _WORKER:
            role = _OLDEST if process == oldest else _OTHERS
        memory[role] += memory_of(process)
        rss[role] += _rss_mib(process)
        handles[role] += _open_files(process)
        count[role] += 1
    sizes, files = _folders(running.folder)
    return Sample(
        at=at,
        memory=dict(sorted(memory.items())),
        rss_mib=dict(sorted(rss.items())),
        open_files=dict(sorted(handles.items())),
        processes=dict(sorted(count.items())),
        folder_mib=sizes,
        files=files,
        store_mib=store_mib,
        p99_ms=outcome.latencies.milliseconds(0.99) if outcome.answered else 0.0,
        late_p99_ms=outcome.lags.milliseconds(0.99),
        server_cores=outcome.server_cpu / outcome.seconds,
        generator_cores=outcome.generator_cpu / outcome.seconds,
        statuses=dict(outcome.statuses),
    )


def _words(value: Any) -> Any:
    if isinstance(value, Memory):
        return {name: round(size, 2) for name, size in asdict(value).items()}
    if isinstance(value, dict):
        return {name: _words(one) for name, one in value.items()}
    return round(value, 3)


def _rss_mib(process: int) -> float:
    with suppress(OSError, IndexError, ValueError):
        pages = int(Path(f"/proc/{process}/statm").read_text().split()[1])
        return pages * _PAGE / _MIB
    return 0.0


def _open_files(process: int) -> int:
    with suppress(OSError):
        return sum(1 for _ in Path(f"/proc/{process}/fd").iterdir())
    return 0


def _folders(folder: Path) -> tuple[dict[str, float], dict[str, int]]:
    sizes, files = defaultdict[str, float](float), defaultdict[str, int](int)
    for root, _, names in os.walk(folder):
        parts = Path(root).relative_to(folder).parts
        name = parts[0] if parts else "."
        for one in names:
            with suppress(OSError):  # removed meanwhile
                sizes[name] += (Path(root) / one).stat().st_size / _MIB
                files[name] += 1
    return dict(sorted(sizes.items())), dict(sorted(files.items()))
