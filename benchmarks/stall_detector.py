"""Detects stalls of the machine itself, so that they are not attributed to the server.

A separate process sleeps on each core and measures how late it wakes, as jHiccup does. With
real-time priority no measured process can delay it: delays come from the hypervisor or the kernel.
Without that priority delays may come from other processes; the result says which case it is.
"""

import os
import signal
import subprocess
import sys
import threading
import time
from collections.abc import Iterable
from contextlib import suppress
from dataclasses import dataclass
from typing import IO, Any

DISTURBED_MS = 20.0
"""A run with a stall of this length is disturbed."""
MIN_STALL_SECONDS = 0.003
"""Shorter delays are not recorded."""
_SLEEP_SECONDS = 0.002
_PRIORITY = 50


@dataclass(frozen=True, slots=True, kw_only=True)
class MachineStalls:
    """Stalls in an interval."""

    times: int = 0
    total_ms: float = 0.0
    """Time in which at least one core stalled."""
    longest_ms: float = 0.0
    real_time: bool = False
    """Whether it was measured with real-time priority; else other processes may be the cause."""

    @property
    def disturbed(self) -> bool:
        """Whether the machine itself certainly had a long stall."""
        return self.real_time and self.longest_ms >= DISTURBED_MS

    def words(self) -> dict[str, Any]:
        """Return this for JSON."""
        return {
            "times": self.times,
            "total_ms": round(self.total_ms, 1),
            "longest_ms": round(self.longest_ms, 1),
            "real_time": self.real_time,
        }


class StallDetector:
    """Measures from `open` to `close`."""

    def __init__(self) -> None:
        self._process: subprocess.Popen[str] | None = None
        self._reader: threading.Thread | None = None
        self._real_time = False
        self._lock = threading.Lock()
        self._seen: list[tuple[float, float]] = []

    def open(self) -> None:
        """Start the measuring process."""
        # Spawned, not forked: the measuring process has threads, those of gRPC among them.
        command = [sys.executable, "-I", "-S", __file__]
        self._process = subprocess.Popen(
            command, stdin=subprocess.PIPE, stdout=subprocess.PIPE, text=True
        )
        lines = self._process.stdout
        if lines is None:  # pragma: no cover - stdout is a pipe
            raise RuntimeError("no pipe to the stall detector")
        self._real_time = lines.readline().strip() == "real-time"
        self._reader = threading.Thread(target=self._read, args=(lines,), daemon=True)
        self._reader.start()

    @property
    def pid(self) -> int:
        """Id of the measuring process."""
        if self._process is None:
            raise RuntimeError("the stall detector has not begun")
        return self._process.pid

    def close(self) -> None:
        """Stop the measuring process."""
        process, self._process = self._process, None
        if process is None:
            return
        process.kill()
        process.wait()
        # Its end of the pipe is closed now, and with that the reader at its end.
        if self._reader is not None:
            self._reader.join()
        for pipe in (process.stdin, process.stdout):
            if pipe is not None:
                pipe.close()

    def since(self, start: float) -> MachineStalls:
        """Return the stalls from *start*, monotonic seconds, until now."""
        with self._lock:
            seen = [(max(began, start), ended) for began, ended in self._seen if ended > start]
        return merged(seen, real_time=self._real_time)

    def _read(self, lines: IO[str]) -> None:
        for line in lines:
            began, ended = line.split()
            with self._lock:
                self._seen.append((float(began), float(ended)))


def merged(pauses: Iterable[tuple[float, float]], *, real_time: bool) -> MachineStalls:
    """Put together pauses of several cores, seconds from and to, in any order."""
    whole: list[list[float]] = []
    for began, ended in sorted(pauses):
        if whole and began <= whole[-1][1]:
            whole[-1][1] = max(whole[-1][1], ended)
        else:
            whole.append([began, ended])
    lengths = [(ended - began) * 1000 for began, ended in whole]
    return MachineStalls(
        times=len(lengths),
        total_ms=sum(lengths),
        longest_ms=max(lengths, default=0.0),
        real_time=real_time,
    )


def main() -> None:
    """Watch all cores until the parent is gone."""
    # Ctrl-C reaches every process of a terminal, and this one ends with its parent.
    signal.signal(signal.SIGINT, signal.SIG_IGN)
    cores = sorted(os.sched_getaffinity(0))
    real_time = _raised()
    sys.stdout.write("real-time\n" if real_time else "ordinary\n")
    sys.stdout.flush()
    for core in cores:
        threading.Thread(target=_watch, args=(core,), daemon=True).start()
    # Ends with the parent: its end of the pipe closes.
    sys.stdin.read()


def _raised() -> bool:
    with suppress(OSError):
        os.sched_setscheduler(0, os.SCHED_FIFO, os.sched_param(_PRIORITY))
        return True
    return False


def _watch(core: int) -> None:
    os.sched_setaffinity(0, {core})
    while True:
        due = time.monotonic() + _SLEEP_SECONDS
        time.sleep(_SLEEP_SECONDS)
        now = time.monotonic()
        if now - due >= MIN_STALL_SECONDS:
            # In one write, so that the lines of several cores do not mix.
            os.write(sys.stdout.fileno(), f"{due:.6f} {now:.6f}\n".encode())


if __name__ == "__main__":
    main()
