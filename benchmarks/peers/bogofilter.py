"""bogofilter: a word list in a file, and a process that reads one mail or a mailbox."""

import shutil
import subprocess
from pathlib import Path

from benchmarks.peers.processes import SERVER_CORE, pinned

_ERROR = 3
"""The lower exit statuses say spam, ham, unsure."""


def installed() -> bool:
    """Whether it can be run here."""
    return shutil.which("bogofilter") is not None


def learn(words: Path, mailbox: Path, *, fraud: bool) -> None:
    """Learn all mails of a mailbox."""
    _run(words, "-M", "-s" if fraud else "-n", "-I", str(mailbox))


def spam_probabilities(words: Path, mailbox: Path) -> list[float]:
    """Score all mails of a mailbox in one process."""
    lines = _run(words, "-M", "-T", "-I", str(mailbox)).split("\n")
    return [float(line.split()[1]) for line in lines if line]


def spam_probability(words: Path, mail: Path) -> float:
    """Score one mail in a process of its own."""
    return float(_run(words, "-T", "-I", str(mail)).split()[1])


def _run(words: Path, *arguments: str) -> str:
    command = ["bogofilter", "-d", str(words), *arguments]
    done = subprocess.run(
        pinned(command, SERVER_CORE), capture_output=True, text=True, timeout=600, check=False
    )
    if done.returncode >= _ERROR:
        raise RuntimeError(f"bogofilter: {done.stderr[-300:]}")
    return done.stdout
