"""Machine, commit and load average of a measurement."""

import os
import platform
import shutil
import subprocess
from datetime import UTC, datetime
from importlib.metadata import version
from pathlib import Path
from typing import Any

PACKAGES = ("grpcio", "numpy", "onnxruntime", "protobuf")
CHECKOUT = Path(__file__).resolve().parents[1]
DIRTY = "-dirty"
WRITTEN = (
    "README.md", "README.zh-CN.md", "benchmarks/results", "docs/reference/benchmarks.md",
    "docs/reference/capacity.md", "docs/reference/plots",
)  # fmt: skip
"""What benchmarks write themselves; it changes nothing that runs."""
_BEFORE = os.getloadavg()


def describe() -> dict[str, Any]:
    """Return what a reader of the figures must know."""
    return {
        "at": datetime.now(UTC).isoformat(timespec="seconds"),
        "commit": commit(),
        "cpu": _cpu(),
        "cores": os.cpu_count(),
        "load_average_before": _BEFORE,
        "load_average": os.getloadavg(),
        "system": platform.platform(),
        "python": platform.python_version(),
        "packages": {name: version(name) for name in PACKAGES},
    }


def commit(checkout: Path = CHECKOUT) -> str:
    """Return the commit of a checkout, marked as dirty where its files differ from it."""
    found = _git(checkout, "rev-parse", "--short=8", "HEAD")
    if not found:
        return f"unknown{DIRTY}"
    return found + DIRTY if changed_files(checkout) else found


def changed_files(checkout: Path = CHECKOUT) -> list[str]:
    """Return the files that differ from the commit, new ones too, save what benchmarks write."""
    besides = (f":(exclude){path}" for path in WRITTEN)
    status = _git(checkout, "status", "--porcelain", "--", ".", *besides)
    return [line[3:] for line in status.splitlines()]


def _git(checkout: Path, *arguments: str) -> str:
    git = shutil.which("git")
    if git is None:
        return ""
    command = [git, "-C", str(checkout), *arguments]
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    return done.stdout.rstrip("\n") if done.returncode == 0 else ""


def _cpu() -> str:
    info = Path("/proc/cpuinfo")
    lines = info.read_text().splitlines() if info.exists() else []
    names = [line.partition(":")[2].strip() for line in lines if line.startswith("model name")]
    return names[0] if names else platform.processor()
