"""Who goes first on a core: those who decide."""

import os
import threading
from contextlib import suppress

STEPS = 5
"""Of niceness: a third of the share of a thread that decides. More would let a thread that is kept
waiting by other processes keep the interpreter lock for as long, and the decisions with it."""


def step_back() -> None:
    """Let the calling thread give way to others where they want its core. Linux only."""
    # A thread has a niceness of its own on Linux, whatever POSIX says; see setpriority(2).
    thread = threading.get_native_id()
    with suppress(OSError):
        os.setpriority(os.PRIO_PROCESS, thread, os.getpriority(os.PRIO_PROCESS, thread) + STEPS)
