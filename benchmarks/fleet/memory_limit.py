"""Limits the memory of processes by a control group, so that the kernel kills one of them."""

import re
from collections.abc import Iterable
from contextlib import suppress
from pathlib import Path

_ROOT = Path("/sys/fs/cgroup")
_KILLS = re.compile(r"^oom_kill (\d+)$", re.MULTILINE)


class MemoryLimit:
    """A control group, of version 1 or 2."""

    def __init__(self, name: str, limit_bytes: int) -> None:
        """Make it; raise `OSError` where this is not permitted."""
        unified = (_ROOT / "cgroup.controllers").exists()
        parent = _ROOT if unified else _ROOT / "memory"
        self._parent, self._folder = parent, parent / name
        self._kills = "memory.events" if unified else "memory.oom_control"
        self._folder.mkdir()
        try:
            if unified and "memory" not in (parent / "cgroup.subtree_control").read_text():
                (parent / "cgroup.subtree_control").write_text("+memory")
            limit = "memory.max" if unified else "memory.limit_in_bytes"
            (self._folder / limit).write_text(str(limit_bytes))
            swap = "memory.swap.max" if unified else "memory.swappiness"
            with suppress(OSError):
                (self._folder / swap).write_text("0")
        except OSError:
            self._folder.rmdir()
            raise

    def hold(self, processes: Iterable[int]) -> None:
        """Put processes under it: what they allocate from now on counts."""
        for process in processes:
            with suppress(ProcessLookupError):
                (self._folder / "cgroup.procs").write_text(str(process))

    @property
    def killed(self) -> int:
        """Return how many processes the kernel killed for it."""
        found = _KILLS.search((self._folder / self._kills).read_text())
        return int(found.group(1)) if found else 0

    def remove(self) -> None:
        """Let its processes go, and remove it."""
        for process in (self._folder / "cgroup.procs").read_text().split():
            with suppress(OSError):
                (self._parent / "cgroup.procs").write_text(process)
        self._folder.rmdir()


def remove_all(run: str) -> None:
    """Remove the control groups of a run that has ended, whose names begin with *run*."""
    for parent in (_ROOT, _ROOT / "memory"):
        for left in parent.glob(f"{run}-*"):
            with suppress(OSError):
                left.rmdir()
