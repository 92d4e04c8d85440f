"""Returns memory to the system some time after large requests.

glibc keeps what gRPC's core frees, in pieces of a few KiB and one arena per thread, so a process
would stay as large as the largest requests that it ever held at the same time.
"""

import asyncio
from collections.abc import Callable

from infra.garbage_collection import return_free_memory

LARGE_BYTES = 2**20
PAUSE_SECONDS = 2.0
"""From a large request to the return; more often never."""


class MemoryReturn:
    """Calls *trim* in a thread, a while after a request was large. One event loop only."""

    def __init__(
        self,
        trim: Callable[[], None] = return_free_memory,
        pause_seconds: float = PAUSE_SECONDS,
    ) -> None:
        self._trim = trim
        self._pause_seconds = pause_seconds
        self._due = False

    def took(self, size: int) -> None:
        """Say that a request of *size* bytes was read."""
        if size >= LARGE_BYTES and not self._due:
            self._due = True
            asyncio.get_running_loop().call_later(self._pause_seconds, self._give)

    def _give(self) -> None:
        self._due = False
        asyncio.get_running_loop().run_in_executor(None, self._trim)
