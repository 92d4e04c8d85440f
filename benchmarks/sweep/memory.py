"""Memory of the mapped list files, over all processes of a host. Linux only.

The size of the files is the memory of all their pages, once per host for any number of workers. PSS
divides a page among the processes that map it, and counts only pages that traffic has read. The
files of list administration itself are not included. The memory of the store, and the peak of list
administration, are reported separately.
"""

import re
from contextlib import suppress
from pathlib import Path
from typing import Any

import redis

from benchmarks import processes
from benchmarks.service import Service
from infra.data_paths import LISTS

_KIB = 1024


def of_lists(service: Service) -> dict[str, Any]:
    """Return bytes of the list files: in all, and resident for the whole service."""
    folder = service.folder / LISTS
    maps = [
        mapped_below(folder, smaps)
        for process in processes.tree(service.pid)
        for smaps in _files(process, "smaps")
    ]
    return {
        "file_bytes": sum(file.stat().st_size for file in folder.glob("*.lists")),
        "mapped_pss_bytes": sum(maps),
        "processes_that_map": sum(size > 0 for size in maps),
    }


def around_lists(service: Service) -> dict[str, int]:
    """Return bytes of the store, and the most that list administration has had resident."""
    url = (service.folder / "valkey" / "url").read_text().strip()
    with redis.Redis.from_url(url) as store:
        used = int(store.info("memory")["used_memory"])
    peaks = [
        peak_bytes(status)
        for process in processes.tree(service.pid)
        if "admin" in processes.command(process)
        for status in _files(process, "status")
    ]
    return {"store_bytes": used, "administration_peak_bytes": max(peaks, default=0)}


def peak_bytes(status: str) -> int:
    """Return the peak resident size of a process, from its ``status``."""
    found = re.search(r"^VmHWM:\s+(\d+) kB$", status, re.MULTILINE)
    return int(found[1]) * _KIB if found else 0


def mapped_below(folder: Path, smaps: str) -> int:
    """Return the PSS in bytes of the files in *folder*, from one process's ``smaps``."""
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


def _files(process: int, name: str) -> list[str]:
    """Return a file of a process in ``/proc``; empty if the process has ended."""
    with suppress(OSError):
        return [Path(f"/proc/{process}/{name}").read_text()]
    return []
