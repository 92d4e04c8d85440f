"""An older version of the service, as its wheel installs it: what a rolling upgrade begins with."""

import subprocess
import sys
from pathlib import Path
from zipfile import ZipFile

from benchmarks.load.before_after import take_out

_BUILD_SECONDS = 300.0


def install(commit: str, folder: Path) -> Path:
    """Build the wheel of *commit* and unpack it in *folder*; return where its code is imported.

    Raises `RuntimeError` where git has no such commit, or it cannot be built.
    """
    sources, site = folder / "sources", folder / "site"
    sources.mkdir(parents=True)
    take_out(commit, sources)
    done = subprocess.run(
        [sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder)],
        cwd=sources, capture_output=True, text=True, check=False, timeout=_BUILD_SECONDS,
    )  # fmt: skip
    if done.returncode:
        raise RuntimeError(f"the wheel of {commit} cannot be built: {done.stderr}")
    (wheel,) = folder.glob("*.whl")
    with ZipFile(wheel) as packed:
        packed.extractall(site)
    return site
