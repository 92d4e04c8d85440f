"""Processes that are killed at random, and started again."""

import os
import random
import signal
import subprocess
import sys
from collections.abc import Mapping, Sequence
from contextlib import suppress
from pathlib import Path

CLAIM_MS = 3000


class Processes:
    """Processes of one kind that are killed and started again."""

    def __init__(
        self,
        command: Sequence[str],
        url: str,
        folder: Path,
        count: int,
        environment: Mapping[str, str],
    ) -> None:
        self._command = [sys.executable, "-m", *command]
        self._environment = {
            name: value for name, value in os.environ.items() if not name.startswith("FANZHA_")
        } | {
            "FANZHA_REDIS_URL": url,
            "FANZHA_DATA_DIR": str(folder),
            "FANZHA_WARNING_PORT": "0",
            "FANZHA_METRICS_ENABLED": "false",
            "FANZHA_WARNING_CLAIM_MS": str(CLAIM_MS),
            "FANZHA_LOG_LEVEL": "error",
            **environment,
        }
        self._folder = folder
        self._running: list[subprocess.Popen[bytes]] = []
        self.killed = 0
        for _ in range(count):
            self._start()

    def kill_one(self, chance: random.Random) -> None:
        """Kill one, without a word, and start another."""
        victim = self._running.pop(chance.randrange(len(self._running)))
        victim.kill()
        victim.wait()
        self.killed += 1
        self._start()

    def end(self) -> None:
        """End all in order."""
        for process in self._running:
            process.send_signal(signal.SIGTERM)
        for process in self._running:
            with suppress(subprocess.TimeoutExpired):
                process.wait(20)
            process.kill()
            process.wait()

    def _start(self) -> None:
        with (self._folder / "warn.log").open("ab") as log:
            self._running.append(
                subprocess.Popen(
                    self._command,
                    env=self._environment,
                    stdin=subprocess.DEVNULL,
                    stdout=subprocess.DEVNULL,
                    stderr=log,
                )
            )
