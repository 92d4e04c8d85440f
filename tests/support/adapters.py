"""Starts adapters as processes of their own, as an operator does."""

import json
import os
import subprocess
import sys
import threading
import urllib.request
from collections.abc import Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from tests.support.processes import PATIENCE_SECONDS, Running, eventually

LISTED_HOST = "evil-bank.example"
LISTED_CALLER = "+8617000000911"
_SERVING = "SERVING "


@dataclass(frozen=True, slots=True)
class RunningAdapter:
    """An adapter and what it said about its addresses, ``host:port`` by name."""

    process: "subprocess.Popen[str]"
    addresses: Mapping[str, str]

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
def adapter(name: str, folder: Path, **settings: str) -> Iterator[RunningAdapter]:
    """Run ``fanzha-adapter NAME`` with *settings*, variables of the environment."""
    with _running(name, folder, [], settings) as running:
        yield running


@contextmanager
def adapter_up(name: str, folder: Path, **settings: object) -> Iterator[RunningAdapter]:
    """Run ``fanzha-adapter NAME`` with a TOML file of *settings*; its log is ``NAME.log``."""
    folder.mkdir(exist_ok=True)
    config = folder / f"{name}.toml"
    lines = (f"{key} = {json.dumps(value)}\n" for key, value in settings.items())
    config.write_text("".join(lines))
    with _running(name, folder, ["--config", str(config)], {}) as running:
        yield running


@contextmanager
def _running(
    name: str, folder: Path, arguments: Sequence[str], variables: Mapping[str, str]
) -> Iterator[RunningAdapter]:
    clean = {key: value for key, value in os.environ.items() if not key.startswith("FANZHA_")}
    log = folder / f"{name}.log"
    with log.open("a") as output:
        process = subprocess.Popen(
            [sys.executable, "-m", "integrations", name, *arguments],
            env={**clean, **variables},
            stdin=subprocess.DEVNULL,
            stdout=subprocess.PIPE,
            stderr=output,
            text=True,
        )
        try:
            yield RunningAdapter(process, _serving(process, log))
        finally:
            process.terminate()
            try:
                process.communicate(timeout=PATIENCE_SECONDS)
            finally:
                process.kill()


def block_host(service: Running, host: str) -> None:
    """Put a host on the block list of a service, and wait until it decides by it."""
    added = ("blocklist", "add", host, "--source", "province", "--reason", "test")
    service.fanzha(*added, "--fraud-type", "fake_loan")
    check = ("check", "link", f"https://{host}/")
    eventually(lambda: "blocklisted" in service.fanzha(*check, check=False).stdout)


def _serving(process: "subprocess.Popen[str]", log: Path) -> dict[str, str]:
    found: list[str] = []
    reader = threading.Thread(target=lambda: found.append(_first_line(process)), daemon=True)
    reader.start()
    reader.join(PATIENCE_SECONDS)
    if not found or not found[0].startswith(_SERVING):
        raise AssertionError(f"did not serve:\n{log.read_text()[-4000:]}")
    pairs = (pair.partition("=") for pair in found[0].split()[1:])
    return {name: address for name, _, address in pairs}


def _first_line(process: "subprocess.Popen[str]") -> str:
    return process.stdout.readline() if process.stdout else ""
