"""SpamAssassin's daemon without the network, and a bounded client of its protocol."""

import os
import re
import shutil
import socket
import threading
import time
from collections.abc import Iterator, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers import processes
from benchmarks.peers.outputs import Load
from benchmarks.peers.processes import Server

CHILDREN = 2
PROGRAM = "/usr/sbin/spamd"
_USER = ["--username", "nobody"] if os.geteuid() == 0 else []
"""It refuses to scan as root. The folder it learns in must be open to this user."""
_BAYES = re.compile(r"^X-Spam-Bayes: ([0-9.]+)", re.MULTILINE)
_SETTINGS = (
    "use_bayes 1",
    "bayes_auto_learn 0",
    "bayes_min_ham_num 1",
    "bayes_min_spam_num 1",
    "clear_headers",
    "add_header all Bayes _BAYES_",
)


@dataclass(frozen=True, slots=True, kw_only=True)
class Spamd:
    """A running spamd."""

    server: Server
    port: int


def installed() -> bool:
    """Whether it can be run here."""
    return Path(PROGRAM).exists() and shutil.which("sa-learn") is not None


def settings(folder: Path) -> list[str]:
    """Return lines of configuration that keep Bayes in *folder*."""
    return [*_SETTINGS, f"bayes_path {folder / 'bayes'}"]


@contextmanager
def running(folder: Path) -> Iterator[Spamd]:
    """Run it on what *folder* has learnt."""
    port = processes.free_port()
    command = [
        PROGRAM, "-L", "-x", "--listen", f"127.0.0.1:{port}", "--min-children", str(CHILDREN),
        "--max-children", str(CHILDREN), "--syslog", "stderr",
        "--pidfile", str(folder / "spamd.pid"),
        *_USER,
        *(f"--cf={line}" for line in settings(folder)),
    ]  # fmt: skip
    log = folder / "spamd.log"
    with Server(command, log=log, ready=lambda: processes.accepts(port)) as server:
        yield Spamd(server=server, port=port)


def scan(port: int, mail: str) -> str:
    """Have one mail scanned; return the headers it added."""
    body = mail.replace("\n", "\r\n").encode()
    with socket.create_connection(("127.0.0.1", port), timeout=60) as connection:
        head = f"HEADERS SPAMC/1.5\r\nContent-length: {len(body)}\r\n\r\n"
        connection.sendall(head.encode() + body)
        connection.shutdown(socket.SHUT_WR)
        answer = connection.makefile("rb").read().decode(errors="replace")
    if not answer.startswith("SPAMD/1.1 0"):
        raise RuntimeError(f"spamd answered {answer[:100]!r}")
    return answer.replace("\r\n", "\n")


def spam_probability(headers: str) -> float:
    """Read what Bayes believes; 0.5 where it does not say."""
    found = _BAYES.search(headers)
    return float(found[1]) if found else 0.5


def load(port: int, mails: Sequence[str], seconds: float) -> Load:
    """Scan *mails* in turn, as many at a time as there are children, until time is over."""
    done = [0] * CHILDREN
    began = time.monotonic()
    until = began + seconds

    def work(which: int) -> None:
        while time.monotonic() < until:
            scan(port, mails[(which + done[which] * CHILDREN) % len(mails)])
            done[which] += 1

    workers = [threading.Thread(target=work, args=(which,)) for which in range(CHILDREN)]
    for worker in workers:
        worker.start()
    for worker in workers:
        worker.join()
    spent = time.monotonic() - began
    return Load(per_second=sum(done) / spent, done=sum(done), failed=0, answers={})
