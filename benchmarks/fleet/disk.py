"""The disk of a host: a file system of its own, small enough to fill, that can fail.

It is ext4 in a file in memory, mounted for the fleet's processes only. Where the machine lets no
loop device be made, it is memory itself (tmpfs): that can be filled, and cannot turn read-only.
"""

import fcntl
import os
import struct
import time
from contextlib import suppress
from pathlib import Path

from benchmarks.fleet.isolation import run

MEGABYTES = 512
_TRIES, _PAUSE_SECONDS = 100, 0.1
_BALLAST = "ballast"
_PIECE = 2**20
_SHUT_DOWN = 0x8004587D
"""EXT4_IOC_SHUTDOWN."""
_WITHOUT_JOURNAL = 2
_REPAIRED = 1
"""Status of fsck: there were errors, and there are none now."""
_FAULTS = Path("/sys/fs/ext4")


class HostDisk:
    """A mounted file system."""

    def __init__(self, folder: Path, image: Path) -> None:
        """Mount an empty one at *folder*, kept in *image*."""
        self.folder = folder
        self._image = image
        folder.mkdir()
        self.can_fail = True
        try:
            with image.open("wb") as file:
                file.truncate(MEGABYTES * _PIECE)
            run("mkfs.ext4", "-q", "-F", "-m", "0", str(image))
            self._mount()
        except RuntimeError:
            self.can_fail = False
            run("mount", "-t", "tmpfs", "-o", f"size={MEGABYTES}m", "tmpfs", str(folder))

    def synchronise(self) -> None:
        """Have all that is there on the disk, as the files are that a host was set up with."""
        run("sync", "--file-system", str(self.folder))

    def fill(self) -> None:
        """Leave not a byte."""
        with (self.folder / _BALLAST).open("wb", buffering=0) as ballast:
            for size in (_PIECE, 1024):
                with suppress(OSError):
                    while ballast.write(b"\1" * size) == size:
                        pass

    def empty(self) -> None:
        """Take away what `fill` put there."""
        (self.folder / _BALLAST).unlink(missing_ok=True)

    def fail(self) -> None:
        """Turn read-only, as ext4 does by itself after an error, whatever is open for writing."""
        device = os.path.basename(run("findmnt", "-n", "-o", "SOURCE", str(self.folder)).strip())  # noqa: PTH119
        (_FAULTS / device / "trigger_fs_error").write_text("1")

    def lose_power(self) -> None:
        """Forget what was not synchronised, as a loss of power does; nothing works then."""
        folder = os.open(self.folder, os.O_RDONLY)
        try:
            fcntl.ioctl(folder, _SHUT_DOWN, struct.pack("I", _WITHOUT_JOURNAL))
        finally:
            os.close(folder)

    def repair(self) -> None:
        """Mount it anew after a check, as an operator does; nothing may use it meanwhile."""
        self._unmount()
        run("fsck.ext4", "-p", str(self._image), most_status=_REPAIRED)
        self._mount()

    def _unmount(self) -> None:
        # Files of a process that has just ended are closed a moment later.
        for _ in range(_TRIES):
            with suppress(RuntimeError):
                run("umount", str(self.folder))
                return
            time.sleep(_PAUSE_SECONDS)
        run("umount", str(self.folder))

    def _mount(self) -> None:
        run("mount", "-o", "loop,errors=remount-ro", str(self._image), str(self.folder))
