"""Remembers which list files of a folder were verified, so that one process of a host does it.

Reading and hashing ten million entries takes half a second of a core, and each worker would do it
while it decides. The process that follows the store verifies what it wrote or found, and notes it
here: by name, inode, size and times of the file, for as long as the host is up. All processes map
the same pages, so what one has verified holds for the others; after a start of the host, when a
file may not be what was written, all notes are void. A process without a note verifies the file
itself.
"""

import json
import time
from collections.abc import Collection, Mapping
from pathlib import Path

from infra import atomic_file

NOTES = "verified.json"
_CHECKS = 2
"""What verifying takes in; notes of releases that took in less do not count. 2: contents, too."""
WORTH_BYTES = 1 << 20
"""Smaller files take less than a millisecond to verify: nothing is noted of them."""
_BOOT = Path("/proc/sys/kernel/random/boot_id")
_TICK_NS = 20_000_000
"""Times of files are no finer than a tick of the kernel: what changed within one looks the same."""


def note(folder: Path, just_verified: Collection[str], *, keep: Collection[str] = ()) -> None:
    """Note files of *folder* that have just been verified; of those before, only *keep* stay."""
    files = {name: folder / name for name in just_verified}
    worth = {name: file for name, file in files.items() if file.stat().st_size >= WORTH_BYTES}
    boot = _boot()
    if not worth or not boot:
        return
    known = {name: one for name, one in _notes(folder, boot).items() if name in keep}
    for name, file in worth.items():
        age_ns = time.time_ns() - file.stat().st_mtime_ns
        if 0 <= age_ns < _TICK_NS:
            time.sleep((_TICK_NS - age_ns) / 1e9)
        known[name] = _identity(file)
    noted = {"boot": boot, "checks": _CHECKS, "files": known}
    atomic_file.write(folder / NOTES, json.dumps(noted))


def noted(file: Path) -> bool:
    """Return whether *file* was verified since the host started, and has not changed since."""
    boot = _boot()
    return bool(boot) and _notes(file.parent, boot).get(file.name) == _identity(file)


def _notes(folder: Path, boot: str) -> Mapping[str, list[int]]:
    try:
        notes = json.loads((folder / NOTES).read_text())
        mine = notes["boot"] == boot and notes["checks"] == _CHECKS
        files = notes["files"] if mine else {}
    except (OSError, ValueError, KeyError, TypeError, RecursionError):
        return {}
    return files if isinstance(files, dict) else {}


def _identity(file: Path) -> list[int]:
    status = file.stat()
    return [status.st_ino, status.st_size, status.st_mtime_ns, status.st_ctime_ns]


def _boot() -> str:
    try:
        return _BOOT.read_text().strip()
    except OSError:
        return ""
