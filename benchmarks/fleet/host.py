"""A host of the fleet: ``fanzha up`` in a network and on a disk of its own."""

import os
import subprocess
import sys
import time
from collections.abc import Mapping
from dataclasses import dataclass, field
from pathlib import Path

from benchmarks import processes
from benchmarks.fleet import isolation
from benchmarks.fleet.disk import HostDisk
from benchmarks.fleet.isolation import HostNamespace
from benchmarks.service import CHECKOUT

DECISIONS, ADMINISTRATION, WARNING = 7361, 7362, 7365
START_SECONDS = 120.0
_END_SECONDS = 60.0
_PAUSE_SECONDS = 0.05
_MOST_OF_A_LOG = 3000


@dataclass(kw_only=True)
class Host:
    """A host, running or not."""

    name: str
    address: str
    network: HostNamespace
    disk: HostDisk
    settings: Mapping[str, str]
    """Variables such as ``FANZHA_REDIS_URL``."""
    logs: Path
    """Folder of its log, which is not on its disk."""
    code: Path = CHECKOUT
    """Whose code runs."""
    clock: Mapping[str, str] = field(default_factory=dict)
    """Variables that put its clock wrong."""
    _process: "subprocess.Popen[bytes] | None" = None

    @property
    def data(self) -> Path:
        """Return its data folder."""
        return self.disk.folder / "data"

    @property
    def log(self) -> Path:
        """Return the log of all its processes."""
        return self.logs / f"{self.name}.log"

    @property
    def pid(self) -> int:
        """Return the parent of its processes."""
        if self._process is None:
            raise RuntimeError(f"{self.name} does not run")
        return self._process.pid

    def start(self) -> None:
        """Start it, without waiting for it."""
        (self.data / "endpoints.json").unlink(missing_ok=True)
        with self.log.open("ab") as log:
            self._process = subprocess.Popen(
                self.network.command(sys.executable, "-P", "-m", "services", "up"),
                env=self._environment(), cwd="/", stdin=subprocess.DEVNULL, stdout=log, stderr=log,
                start_new_session=True,
            )  # fmt: skip

    def wait_ready(self) -> None:
        """Wait until all its roles serve; raise `RuntimeError` with its log if they do not."""
        until = time.monotonic() + START_SECONDS
        while not self.ready:
            if self._process is None or self._process.poll() is not None:
                raise RuntimeError(f"{self.name} has ended: {self._end_of_log()}")
            if time.monotonic() > until:
                raise RuntimeError(f"{self.name} does not serve: {self._end_of_log()}")
            time.sleep(_PAUSE_SECONDS)

    @property
    def ready(self) -> bool:
        """Return whether it has announced its addresses."""
        return (self.data / "endpoints.json").exists()

    @property
    def ended(self) -> bool:
        """Return whether it ended by itself."""
        return self._process is not None and self._process.poll() is not None

    def stop(self) -> None:
        """Stop it in order."""
        if self._process is not None:
            self._process.terminate()
            try:
                self._process.wait(_END_SECONDS)
            except subprocess.TimeoutExpired:
                self.kill()
            self._process = None

    def kill(self) -> None:
        """End all its processes at once, as a loss of power does."""
        if self._process is None:
            return
        isolation.end_tree(self._process)
        self._process = None

    def workers(self) -> list[int]:
        """Return its processes that decide."""
        return sorted(
            process
            for process in processes.tree(self.pid)
            if "worker" in processes.command(process)
        )

    def _environment(self) -> dict[str, str]:
        clean = {name: value for name, value in os.environ.items() if not name.startswith("FANZHA")}
        return clean | {
            "PYTHONPATH": str(self.code),
            "PYTHONSAFEPATH": "1",
            "FANZHA_DATA_DIR": str(self.data),
            **self.settings,
            **self.clock,
        }

    def _end_of_log(self) -> str:
        return self.log.read_text(errors="replace")[-_MOST_OF_A_LOG:]
