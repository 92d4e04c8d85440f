"""Starts the real service for tests: ``fanzha up`` as a process of its own."""

import json
import os
import signal
import subprocess
import sys
import time
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

FANZHA = [sys.executable, "-m", "services"]
PATIENCE_SECONDS = 60.0


@dataclass(frozen=True, slots=True, kw_only=True)
class Running:
    """A service and where it is found."""

    process: "subprocess.Popen[bytes]"
    folder: Path
    interception: str
    admin: str
    metrics: str

    @property
    def redis_url(self) -> str:
        return (self.folder / "valkey" / "url").read_text().strip()

    def fanzha(self, *arguments: str, check: bool = True) -> "subprocess.CompletedProcess[str]":
        environment = {
            "FANZHA_TARGET": self.interception,
            "FANZHA_ADMIN_TARGET": self.admin,
            "FANZHA_REDIS_URL": self.redis_url,
        }
        return subprocess.run(
            [*FANZHA, *arguments],
            env=os.environ | environment,
            capture_output=True,
            text=True,
            check=check,
            timeout=PATIENCE_SECONDS,
        )


@contextmanager
def fanzha_up(folder: Path, *, workers: int = 2) -> Iterator[Running]:
    """Run everything in *folder*, on free ports; end it in order."""
    environment = os.environ | {
        "FANZHA_DATA_DIR": str(folder),
        "FANZHA_LISTEN_PORT": "0",
        "FANZHA_ADMIN_PORT": "0",
        "FANZHA_METRICS_PORT": "0",
        "FANZHA_WORKERS": str(workers),
        "FANZHA_ACTIVITY_SLOTS": str(2**14),
    }
    with (folder / "log").open("wb") as log:
        process = subprocess.Popen([*FANZHA, "up"], env=environment, stderr=log)
        try:
            found = _endpoints(folder, process)
            yield Running(
                process=process,
                folder=folder,
                interception=found["interception"],
                admin=found["admin"],
                metrics=found["metrics"],
            )
        finally:
            process.send_signal(signal.SIGTERM)
            process.wait(PATIENCE_SECONDS)


def _endpoints(folder: Path, process: "subprocess.Popen[bytes]") -> dict[str, str]:
    file = folder / "endpoints.json"
    eventually(lambda: file.exists() or process.poll() is not None)
    if not file.exists():
        raise RuntimeError(f"fanzha up did not start:\n{(folder / 'log').read_text()}")
    found: dict[str, str] = json.loads(file.read_text())
    return found


def eventually(holds: Callable[[], bool], seconds: float = PATIENCE_SECONDS) -> None:
    """Wait until *holds*; fail when it does not for so long."""
    deadline = time.monotonic() + seconds
    while not holds():
        if time.monotonic() > deadline:
            raise AssertionError(f"did not come true within {seconds:g} s")
        time.sleep(0.02)
