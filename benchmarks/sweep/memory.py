"""What the mapped list files take of the host's memory, over all processes. Linux only.

The size of the files is what all pages take together, once for a host, however many workers map
them. PSS counts a page that several processes map once, in parts, and only pages that traffic has
read. List administration keeps files of its own, wherever it runs; they are no part of this.
"""

from contextlib import suppress
from pathlib import Path
from typing import Any

from benchmarks import processes
from benchmarks.service import Service
from services.places import LISTS

_KIB = 1024


def of_lists(service: Service) -> dict[str, Any]:
    """Return bytes of the list files: in all, and resident for the whole service."""
    folder = service.folder / LISTS
    maps = [mapped_below(folder, smaps) for smaps in _smaps(service.pid)]
    return {
        "file_bytes": sum(file.stat().st_size for file in folder.glob("*.lists")),
        "mapped_pss_bytes": sum(maps),
        "processes_that_map": sum(size > 0 for size in maps),
    }


def mapped_below(folder: Path, smaps: str) -> int:
    """Return the PSS in bytes of what lies in *folder*, from one process's ``smaps``."""
    total, counts = 0, False
    for line in smaps.splitlines():
        head = line.partition(" ")[0]
        if head.endswith(":"):
            if counts and head == "Pss:":
                total += int(line.split()[1]) * _KIB
        else:
            # The first line of a mapping: addresses, and the file at the end.
            counts = f" {folder}/" in line
    return total


def _smaps(root: int) -> list[str]:
    found = []
    for process in processes.tree(root):
        with suppress(OSError):
            found.append(Path(f"/proc/{process}/smaps").read_text())
    return found
