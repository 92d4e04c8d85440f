"""Memory of a process by what would make it grow, so that what ends is told from a leak.

Three figures lie within each other, and growth of each has another end:

=========  ==========================================  ===========================================
figure     what                                        when growth of it alone ends
=========  ==========================================  ===========================================
asked for  private memory that it may write            never; addresses alone are no memory
touched    the pages of that which exist               at what was asked for: tables of a fixed size
                                                       get their pages as rows are first written
own share  touched, each page divided by the           at what is touched: a page that a fork shares
           processes that have it                      becomes two when one of them writes to it
=========  ==========================================  ===========================================

Pages of files (code, list files, models) and memory that processes share on purpose are apart: the
system takes the first back when it wants, and the second has a size of its own.
"""

import re
import resource
from contextlib import suppress
from dataclasses import dataclass, fields
from pathlib import Path
from typing import Self

_KIB = 1024
_MIB = 1024.0
"""KiB, as the kernel tells sizes."""
_THREAD_STACK_KIB = 8 * 1024
"""What the C library sets aside for a thread where the limit of stacks is the usual one."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Memory:
    """What one process holds, or several together, in MiB."""

    pss: float = 0.0
    own_share: float = 0.0
    touched: float = 0.0
    asked_for: float = 0.0
    """Without stacks of threads, of which hardly a page is ever touched."""
    files: float = 0.0
    """Share in pages of mapped files that were not written to."""
    shared: float = 0.0
    """Share in memory that processes share on purpose."""

    def __add__(self, other: Self) -> Self:
        return type(self)(
            **{one.name: getattr(self, one.name) + getattr(other, one.name) for one in fields(self)}
        )

    @property
    def room(self) -> float:
        """How much more will be touched if nothing more is asked for, at most."""
        return max(0.0, self.asked_for - self.touched)

    @property
    def forked(self) -> float:
        """How much more the own share becomes if every page that a fork shares is written to."""
        return max(0.0, self.touched - self.own_share)


def memory_of(process: int) -> Memory:
    """Look at a process; zeros if it has ended."""
    with suppress(OSError, KeyError):
        rollup = _sizes(Path(f"/proc/{process}/smaps_rollup").read_text())
        status = _sizes(Path(f"/proc/{process}/status").read_text())
        stacks = (status["Threads"] - 1) * _stack_kib()
        return Memory(
            pss=rollup["Pss"] / _MIB,
            own_share=rollup["Pss_Anon"] / _MIB,
            touched=rollup["Anonymous"] / _MIB,
            asked_for=max(0.0, status["VmData"] - stacks) / _MIB,
            files=rollup["Pss_File"] / _MIB,
            shared=rollup["Pss_Shmem"] / _MIB,
        )
    return Memory()


def _sizes(text: str) -> dict[str, int]:
    """Read ``Name:  number`` lines; sizes are in KiB."""
    return {name: int(size) for name, size in re.findall(r"^(\w+):\s+(\d+)", text, re.MULTILINE)}


def _stack_kib() -> int:
    soft, _ = resource.getrlimit(resource.RLIMIT_STACK)
    return _THREAD_STACK_KIB if soft == resource.RLIM_INFINITY else soft // _KIB
