"""Reads the resource use of a process tree. Linux only."""

import os
from collections.abc import Collection
from contextlib import suppress
from pathlib import Path

_KIB = 1024
_TICKS = os.sysconf("SC_CLK_TCK")


def cpu_seconds(root: int) -> float:
    """Return the processor time of the live processes of a tree, in seconds."""
    used = 0.0
    for process in tree(root):
        with suppress(OSError):
            fields = stat(process)
            used += (int(fields[11]) + int(fields[12])) / _TICKS
    return used


def tree(root: int) -> list[int]:
    """Return the id of a process and those of all that descend from it."""
    children: dict[int, list[int]] = {}
    for folder in Path("/proc").iterdir():
        if folder.name.isdigit():
            with suppress(OSError):
                parent = int(stat(int(folder.name))[1])
                children.setdefault(parent, []).append(int(folder.name))
    found, queue = [], [root]
    while queue:
        found.append(queue.pop())
        queue += children.get(found[-1], [])
    return found


def oldest(processes: Collection[int]) -> int | None:
    """Return the one of *processes* that started first; None where all have ended."""
    started = dict[int, int]()
    for process in processes:
        with suppress(OSError):
            started[process] = int(stat(process)[19])
    return min(started, key=lambda one: (started[one], one), default=None)


def pin(process: int, cores: Collection[int]) -> None:
    """Let all threads of a process run on *cores* only; threads that ended are skipped."""
    for thread in Path(f"/proc/{process}/task").iterdir():
        with suppress(OSError):
            os.sched_setaffinity(int(thread.name), cores)


def command(process: int) -> list[str]:
    """Return the command line of a process; empty if it has ended."""
    with suppress(OSError):
        words = Path(f"/proc/{process}/cmdline").read_text().rstrip("\0").split("\0")
        # A process that was forked has written its command line as one text.
        return words if len(words) > 1 else words[0].split()
    return []


def mapped(process: int, name: str) -> set[Path]:
    """Return the files called *name* that a process has mapped; none if it has ended."""
    with suppress(OSError):
        lines = Path(f"/proc/{process}/maps").read_text().splitlines()
        paths = (Path(line.partition("/")[2]) for line in lines if line.endswith(f"/{name}"))
        return {Path("/") / path for path in paths}
    return set()


def pss_bytes(process: int) -> int:
    """Return the proportional set size of a process; 0 if it has ended."""
    with suppress(OSError):
        for line in Path(f"/proc/{process}/smaps_rollup").read_text().splitlines():
            if line.startswith("Pss:"):
                return int(line.split()[1]) * _KIB
    return 0


def stat(process: int) -> list[str]:
    """Return the fields of a process's ``stat`` from its state on."""
    # The name in brackets may hold blanks; what follows it does not.
    return Path(f"/proc/{process}/stat").read_text().rpartition(")")[2].split()
