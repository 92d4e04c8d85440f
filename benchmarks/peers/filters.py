"""Mail filters behind one interface: learn from labelled texts, then score."""

import json
import shutil
import subprocess
from collections.abc import Iterator, Sequence
from concurrent.futures import ThreadPoolExecutor
from contextlib import contextmanager
from http.client import HTTPConnection
from pathlib import Path
from typing import Any, Protocol

from benchmarks.peers import bogofilter, mail, rspamd, spamd
from benchmarks.peers.processes import SERVER_CORE, Server, pinned

_LEARN_SECONDS = 3600.0


class Filter(Protocol):
    """A trained filter."""

    server: Server | None

    def scores(self, texts: Sequence[str]) -> list[float]:
        """Return the score of each text; higher is more likely fraud."""
        ...


class Bogofilter:
    """bogofilter, with its word list in *folder*."""

    server: Server | None = None

    def __init__(self, folder: Path) -> None:
        self.words = folder

    def scores(self, texts: Sequence[str]) -> list[float]:
        mailbox = self.words / "asked.mbox"
        mailbox.write_text(mail.as_mailbox(texts))
        return bogofilter.spam_probabilities(self.words, mailbox)


class Spamd:
    """SpamAssassin; only its Bayes score counts, since its rules are for mail."""

    def __init__(self, running: spamd.Spamd) -> None:
        self.server: Server | None = running.server
        self.port = running.port

    def scores(self, texts: Sequence[str]) -> list[float]:
        mails = [mail.as_mail(text, row) for row, text in enumerate(texts)]
        with ThreadPoolExecutor(spamd.CHILDREN) as pool:
            answers = pool.map(lambda one: spamd.scan(self.port, one), mails)
            return list(map(spamd.spam_probability, answers))


class Rspamd:
    """rspamd; only its Bayes score counts, since its rules are for mail."""

    def __init__(self, running: rspamd.Rspamd) -> None:
        self.server: Server | None = running.server
        self.port = running.port
        self._controller_port = running.controller_port

    def learn(self, texts: Sequence[str], *, fraud: bool) -> None:
        """Learn texts through the controller."""
        connection = HTTPConnection("127.0.0.1", self._controller_port, timeout=60)
        for row, text in enumerate(texts):
            path = "/learnspam" if fraud else "/learnham"
            answer = _post(connection, path, mail.as_mail(text, row + (10**6 if fraud else 0)))
            if "error" in answer and "already" not in str(answer["error"]):
                raise RuntimeError(f"rspamd does not learn: {answer['error']}")
        connection.close()

    def scores(self, texts: Sequence[str]) -> list[float]:
        connection = HTTPConnection("127.0.0.1", self.port, timeout=60)
        found = [
            rspamd.spam_probability(_post(connection, "/checkv2", mail.as_mail(text, row)))
            for row, text in enumerate(texts)
        ]
        connection.close()
        return found


@contextmanager
def bogofilter_trained(
    folder: Path, fraud: Sequence[str], other: Sequence[str]
) -> Iterator[Bogofilter]:
    """Train bogofilter."""
    folder.mkdir()
    for name, texts in (("fraud", fraud), ("other", other)):
        mailbox = folder / f"{name}.mbox"
        mailbox.write_text(mail.as_mailbox(texts))
        bogofilter.learn(folder, mailbox, fraud=name == "fraud")
    yield Bogofilter(folder)


@contextmanager
def spamd_trained(folder: Path, fraud: Sequence[str], other: Sequence[str]) -> Iterator[Spamd]:
    """Train SpamAssassin's Bayes, then start the daemon."""
    folder.mkdir()
    for name, texts in (("--spam", fraud), ("--ham", other)):
        mailbox = folder / f"{name[2:]}.mbox"
        mailbox.write_text(mail.as_mailbox(texts))
        command = [shutil.which("sa-learn") or "sa-learn", name, "--mbox", str(mailbox), "-L"]
        command += [f"--cf={line}" for line in spamd.settings(folder)]
        subprocess.run(
            pinned(command, SERVER_CORE), check=True, capture_output=True, timeout=_LEARN_SECONDS
        )
    for file in (folder, *folder.iterdir()):
        file.chmod(0o777)  # the daemon scans as another user
    with spamd.running(folder) as running:
        yield Spamd(running)


@contextmanager
def rspamd_trained(
    folder: Path, fraud: Sequence[str], other: Sequence[str], listed: Path | None = None
) -> Iterator[Rspamd]:
    """Start rspamd, then train it."""
    with rspamd.running(folder, listed) as running:
        filter_ = Rspamd(running)
        filter_.learn(fraud, fraud=True)
        filter_.learn(other, fraud=False)
        yield filter_


def _post(connection: HTTPConnection, path: str, body: str) -> dict[str, dict[str, Any]]:
    connection.request("POST", path, body.encode(), {"Content-Type": "message/rfc822"})
    answer = connection.getresponse()
    found: dict[str, dict[str, Any]] = json.loads(answer.read() or b"{}")
    return found
