"""Repeats work on a folder in a thread of its own, while this process holds the folder's lock."""

import logging
import os
import threading
from collections.abc import Callable
from pathlib import Path

from infra import atomic_file
from infra.backoff import Backoff
from infra.file_lock import lock
from infra.periodic import run_periodically_in_thread


class FolderThread:
    """One of these does the work for a folder, of all processes that share it."""

    def __init__(self, lock_file: Path, *, name: str) -> None:
        """*name* is the thread's."""
        self.ending = threading.Event()
        """Set when the work is to end."""
        self._lock_file = lock_file
        self._name = name
        self._lock: int | None = None
        self._thread: threading.Thread | None = None

    def start(
        self,
        turn: Callable[[], object],
        *,
        every_seconds: float,
        task: str,
        logger: logging.Logger,
        backoff: Backoff | None = None,
    ) -> None:
        """Call *turn* every so many seconds, as `run_periodically_in_thread` does."""

        def run() -> None:
            run_periodically_in_thread(
                turn,
                every_seconds=every_seconds,
                task=task,
                logger=logger,
                ending=self.ending,
                backoff=backoff,
            )

        self._thread = threading.Thread(target=run, name=self._name, daemon=True)
        self._thread.start()

    def close(self, seconds: float) -> None:
        """Stop after the current step, waiting so long, and release the lock."""
        self.ending.set()
        if self._thread is not None:
            self._thread.join(seconds)
        ended = self._thread is None or not self._thread.is_alive()
        if self._lock is not None and ended:
            os.close(self._lock)
            self._lock = None

    def holds_lock(self) -> bool:
        """Acquire the lock if it is free; return whether this process has it."""
        atomic_file.make_folder(self._lock_file.parent)
        if self._lock is None:
            self._lock = lock(self._lock_file)
        return self._lock is not None
