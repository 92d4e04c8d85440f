"""Settings of every comparison: the work, our running service, duration and repeats."""

import shutil
import subprocess
from dataclasses import dataclass
from pathlib import Path

from benchmarks.peers.fanzha_server import BATCH, Ours
from benchmarks.peers.paired_runs import Contestant
from benchmarks.peers.workload import Work


@dataclass(frozen=True, slots=True, kw_only=True)
class Bench:
    """One run of all comparisons."""

    work: Work
    ours: Ours
    seconds: int
    repeats: int
    python: Path
    """Python of the environment that `install.sh` made for peers from PyPI."""

    def ways(self, channel: str) -> list[Contestant]:
        """Return both contestants of ours: one row a request, and a batch."""
        return [self.ours.contestant(channel, 1), self.ours.contestant(channel, BATCH)]


def debian_version(package: str) -> str:
    """Return the installed version of a Debian package; empty where it is not known."""
    query = shutil.which("dpkg-query")
    if query is None:
        return ""
    command = [query, "--show", "--showformat=${Version}", package]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout if done.returncode == 0 else ""


def python_version(python: Path, package: str) -> str:
    """Return the version of a package of another environment; empty where it is missing."""
    if not python.exists():
        return ""
    code = f"from importlib.metadata import version; print(version({package!r}))"
    command = [str(python), "-c", code]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.strip() if done.returncode == 0 else ""
