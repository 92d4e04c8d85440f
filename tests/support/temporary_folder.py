"""Puts temporary folders of tests in memory, where the machine has room.

Much of what tests write is synced before it counts, and on a disk each sync takes milliseconds in
which a core stands idle: a quarter of the time of all tests.
"""

import os
import tempfile
from pathlib import Path

_IN_MEMORY = Path("/dev/shm")  # noqa: S108 - tests make folders of their own in it
_LEAST_BYTES = 6 * 2**30
"""Several times what a run of all tests leaves on two cores; a container may have 64 MiB."""


def prefer_memory(folder: Path = _IN_MEMORY) -> None:
    """Let this process and its children make temporary folders in memory.

    ``TMPDIR`` names another place; it is heeded.
    """
    if "TMPDIR" not in os.environ and _has_room(folder):
        os.environ["TMPDIR"] = str(folder)
        tempfile.tempdir = None


def _has_room(folder: Path) -> bool:
    if not os.access(folder, os.W_OK | os.X_OK):
        return False
    found = os.statvfs(folder)
    # Some tests run programs that they write.
    return not found.f_flag & os.ST_NOEXEC and found.f_bavail * found.f_frsize >= _LEAST_BYTES
