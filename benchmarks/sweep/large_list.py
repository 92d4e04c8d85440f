"""Numbers alone, up to a hundred million: import, memory of each role, start, look-ups.

A carrier may list every number of a range of its own, one by one. Each size is imported by the
usual command into a service of its own. Before the machine runs out of memory the service is
stopped, and the result says after how long, and what it held then; likewise where the import does
not end in half an hour.
"""

import os
import signal
import subprocess
import time
from collections.abc import Iterator
from contextlib import contextmanager, suppress
from dataclasses import dataclass, field
from pathlib import Path
from threading import Event, Thread
from typing import Any

from benchmarks import processes, scenarios, service
from benchmarks.load.generator_pool import Crew
from benchmarks.load.plan import Step
from benchmarks.sweep import imports, memory, start
from benchmarks.sweep.cells import Pace, RequestShape, plan
from benchmarks.sweep.list_size import until_idle
from services.cli._common.console import err

SIZES, FEW_SIZES = (1_000_000, 10_000_000, 100_000_000), (100_000, 1_000_000)
MOST_OF_MEMORY = 0.75
"""Of what the machine has available, that all processes of the service may take."""
ROWS, IN_FLIGHT = 256, 2
_LOOK_SECONDS = 0.5


@dataclass(slots=True)
class Watch:
    """What the processes of a service held at most; stops it where that is too much."""

    running: service.Service
    most: float
    """PSS in bytes of all processes, beyond which the service is stopped."""
    peak: int = 0
    """PSS in bytes of all processes."""
    stopped_after: float = 0.0
    """Seconds; 0: not stopped."""
    _ended: Event = field(default_factory=Event)

    @contextmanager
    def watching(self) -> Iterator[None]:
        """Watch until the context ends."""
        thread = Thread(target=self._watch, daemon=True)
        thread.start()
        try:
            yield
        finally:
            self._ended.set()
            thread.join()

    def _watch(self) -> None:
        began = time.monotonic()
        while not self._ended.wait(_LOOK_SECONDS):
            held = sum(map(processes.pss_bytes, processes.tree(self.running.pid)))
            self.peak = max(self.peak, held)
            if held > self.most and not self.stopped_after:
                self.stopped_after = round(time.monotonic() - began, 1)
                for process in processes.tree(self.running.pid):
                    with suppress(ProcessLookupError):
                        os.kill(process, signal.SIGKILL)


def run(pace: Pace, *, quick: bool) -> dict[str, Any]:
    """Measure all sizes."""
    sizes = []
    for listed in FEW_SIZES if quick else SIZES:
        err.print(f"a list of {listed:,} numbers")
        with service.running(workers=1, cores=pace.server_cores) as running:
            sizes.append({"listed": listed} | _one_size(running, listed, pace))
    return {"workers": 1, "sizes": sizes}


def _one_size(running: service.Service, listed: int, pace: Pace) -> dict[str, Any]:
    first, most = scenarios.FIRST_LISTED, _available_bytes() * MOST_OF_MEMORY
    watch = Watch(running, most)
    numbers = imports.Patterns(
        name="numbers", count=listed, last=f"+{first + listed - 1}",
        lines=(f"+{number}" for number in range(first, first + listed)),
    )  # fmt: skip
    try:
        with watch.watching():
            done = imports.timed(running, numbers)
    except (RuntimeError, subprocess.TimeoutExpired) as error:
        if isinstance(error, RuntimeError) and not watch.stopped_after:
            raise
        after = watch.stopped_after or service.IMPORT_SECONDS
        return {"stopped_after_seconds": after, "peak_bytes": watch.peak, "most_bytes": most}
    until_idle(running)
    return {
        "import": done,
        "peak_bytes": watch.peak,
        "around_lists": memory.around_lists(running),
        "rows_per_second": _look_ups(running, listed, pace),
        "lists": memory.of_lists(running),
        "start_seconds": start.seconds(running, pace.repeats),
    }


def _available_bytes() -> int:
    """Return the memory that the machine could give out now."""
    for line in Path("/proc/meminfo").read_text().splitlines():
        name, _, rest = line.partition(":")
        if name == "MemAvailable":
            return int(rest.split()[0]) * 1024
    raise RuntimeError("the kernel does not say how much memory is available")


def _look_ups(running: service.Service, listed: int, pace: Pace) -> float:
    """Return calls a second in a closed loop; 3 % of the callers are listed."""
    shape = RequestShape(channel="call", rows=ROWS, listed=listed, connections=4)
    closed = Step(seconds=pace.seconds, in_flight=IN_FLIGHT)
    with Crew(plan(running, shape, pace), running.cpu_seconds) as crew:
        crew.run(closed)
        return round(crew.run(closed).per_second, 1)
