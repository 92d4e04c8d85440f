"""What a running service holds at one moment: memory and open files by role, files by folder."""

import os
from collections import defaultdict
from contextlib import suppress
from dataclasses import dataclass
from pathlib import Path
from typing import Any

from benchmarks import footprint, processes
from benchmarks.service import Service

_MIB = 2**20
_PAGE = os.sysconf("SC_PAGE_SIZE")


@dataclass(frozen=True, slots=True, kw_only=True)
class Sample:
    """One look."""

    at: float
    """Seconds since the load began."""
    pss_mib: dict[str, float]
    """By role; pages that several processes hold are shared out."""
    rss_mib: dict[str, float]
    open_files: dict[str, int]
    processes: dict[str, int]
    folder_mib: dict[str, float]
    """By the first folder below the data folder."""
    files: dict[str, int]
    p99_ms: float
    """Of the requests since the last look."""
    answered: int
    failed: int

    def words(self) -> dict[str, Any]:
        """Write it, for JSON."""
        return {
            name: {key: round(one, 2) for key, one in value.items()}
            if isinstance(value, dict)
            else round(value, 3)
            for name, value in ((name, getattr(self, name)) for name in self.__slots__)
        }


def look(running: Service, *, at: float, p99_ms: float, answered: int, failed: int) -> Sample:
    """Look at all processes and files of a service."""
    pss, rss = defaultdict[str, float](float), defaultdict[str, float](float)
    handles, count = defaultdict[str, int](int), defaultdict[str, int](int)
    for process in processes.tree(running.pid):
        role = footprint.role(process)
        pss[role] += footprint.pss_mib(process)
        rss[role] += _rss_mib(process)
        handles[role] += _open_files(process)
        count[role] += 1
    sizes, files = _folders(running.folder)
    return Sample(
        at=at,
        pss_mib=dict(sorted(pss.items())),
        rss_mib=dict(sorted(rss.items())),
        open_files=dict(sorted(handles.items())),
        processes=dict(sorted(count.items())),
        folder_mib=sizes,
        files=files,
        p99_ms=p99_ms,
        answered=answered,
        failed=failed,
    )


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
