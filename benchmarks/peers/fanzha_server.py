"""Our service as shipped, on the server's core: one worker, lists loaded, models and hits on."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path

from benchmarks.peers import generators
from benchmarks.peers.outputs import Load
from benchmarks.peers.paired_runs import Contestant
from benchmarks.peers.processes import Server, run
from benchmarks.peers.workload import Work

BATCH = 256
_IMPORT_SECONDS = 1800.0
_SERVICE = "/fanzha.v1.InterceptionService/"


class Ours:
    """A running service of ours."""

    def __init__(self, server: Server, target: str, work: Work, seconds: int) -> None:
        self.server = server
        self._target = target
        self._work = work
        self._seconds = seconds

    def contestant(self, channel: str, rows: int) -> Contestant:
        """Return the contestant that sends *rows* rows of a channel a request."""
        method, messages = self._work.requests(channel, rows, generators.CLIENTS)
        word = method.removesuffix("s")

        def load() -> Load:
            return generators.h2load(
                self._target,
                _SERVICE + method,
                messages,
                seconds=self._seconds,
                streams=16 if rows == 1 else 2,
            )

        name = f"{word}, one a request" if rows == 1 else f"{method}, {rows} a request"
        return Contestant(name=name, load=load, rows=rows, server=self.server)


@contextmanager
def running(work: Work, seconds: int) -> Iterator[Ours]:
    """Start the service, import the lists with the command that operators use, end it."""
    data = work.folder / "ours"
    data.mkdir()
    ends = data / "endpoints.json"
    environment = {
        "FANZHA_WORKERS": "1",
        "FANZHA_DATA_DIR": str(data),
        "FANZHA_LISTEN_PORT": "0",
        "FANZHA_ADMIN_PORT": "0",
        "FANZHA_METRICS_PORT": "0",
        "FANZHA_ADMIN_METRICS_PORT": "0",
    }
    command = [sys.executable, "-m", "services", "up"]
    log = work.folder / "ours.log"
    with Server(command, log=log, ready=ends.exists, environment=environment) as server:
        addresses = json.loads(ends.read_text())
        _import(work, "numbers", [f"+{number}" for number in work.numbers()], addresses["admin"])
        _import(work, "hosts", work.hosts(), addresses["admin"])
        yield Ours(server, addresses["interception"], work, seconds)


def _import(work: Work, name: str, patterns: list[str], admin: str) -> None:
    file: Path = work.write(f"{name}.csv", ["pattern", *patterns])
    command = [
        sys.executable, "-m", "services", "blocklist", "import", str(file), "--source", "province",
        "--expires", "365d", "--reason", "benchmark", "--by", "bench", "--target", admin,
        "--json",
    ]  # fmt: skip
    summary = json.loads(run(command, core=1, seconds=_IMPORT_SECONDS))
    if summary["added"] != len(patterns):
        raise RuntimeError(f"{name}: {len(patterns)} entries, {summary['added']} added")
