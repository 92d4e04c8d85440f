"""Starts an adapter as a process of its own, as an operator does."""

import os
import subprocess
import sys
import urllib.request
from collections.abc import Iterator
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import PATIENCE_SECONDS

_SERVING = "SERVING "


@dataclass(frozen=True, slots=True)
class RunningAdapter:
    """An adapter and what it said about its addresses."""

    process: "subprocess.Popen[str]"
    addresses: dict[str, str]

    def port(self, name: str) -> int:
        """Return the port of an address."""
        return int(self.addresses[name].rpartition(":")[2])

    def metrics(self) -> str:
        """Return the metrics page."""
        url = f"http://{self.addresses['metrics']}/metrics"
        with urllib.request.urlopen(url, timeout=PATIENCE_SECONDS) as answer:
            page: str = answer.read().decode()
        return page

    def counted(self, sample: str) -> float:
        """Return a sample, such as ``fanzha_relay_sessions{adapter="smpp"}``; 0 without it."""
        for line in self.metrics().splitlines():
            if line.startswith(f"{sample} "):
                return float(line.rpartition(" ")[2])
        return 0.0


@contextmanager
def adapter_up(name: str, folder: Path, **settings: object) -> Iterator[RunningAdapter]:
    """Run ``fanzha-adapter NAME`` with a TOML file of *settings*; its log is ``NAME.log``."""
    config = folder / f"{name}.toml"
    config.write_text("".join(f"{key} = {_toml(value)}\n" for key, value in settings.items()))
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FANZHA_")}
    with (folder / f"{name}.log").open("a") as log:
        process = subprocess.Popen(
            [sys.executable, "-m", "integrations", name, "--config", str(config)],
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=log,
            text=True,
            env=clean,
        )
        assert process.stdout is not None
        try:
            said = process.stdout.readline()
            if not said.startswith(_SERVING):
                process.wait(PATIENCE_SECONDS)
                raise AssertionError(f"{name} did not start:\n{Path(log.name).read_text()}")
            addresses = dict(part.split("=", 1) for part in said.removeprefix(_SERVING).split())
            yield RunningAdapter(process, addresses)
        finally:
            process.terminate()
            try:
                process.wait(PATIENCE_SECONDS)
            finally:
                process.kill()
                process.stdout.close()


def _toml(value: object) -> str:
    if isinstance(value, bool):
        return str(value).lower()
    if isinstance(value, int | float):
        return str(value)
    return f'"{value}"'
