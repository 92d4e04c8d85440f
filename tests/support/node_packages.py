"""Packages of npm that tests need, fetched once for all runs and processes."""

import fcntl
import hashlib
import os
import shutil
import subprocess
import tempfile
from functools import cache
from pathlib import Path

from tests.support.external_servers import skip_or_fail

FOLDER = Path(__file__).parent / "console_packages"
_SECONDS = 200.0


@cache
def node_packages(folder: Path = FOLDER) -> Path:
    """Return a folder with the files of *folder* and its ``node_modules``, else skip the test."""
    npm = shutil.which("npm")
    if npm is None or shutil.which("node") is None:
        skip_or_fail("needs node and npm; on Debian: apt install nodejs npm")
    files = sorted(one for one in folder.iterdir() if one.is_file())
    digest = hashlib.sha256(b"".join(file.read_bytes() for file in files)).hexdigest()[:16]
    store = Path(os.environ.get("XDG_CACHE_HOME", Path.home() / ".cache")) / "fanzha"
    made = store / f"{folder.name}-{digest}"
    store.mkdir(parents=True, exist_ok=True)
    with (store / f"{folder.name}.lock").open("w") as lock:
        # Tests run in several processes; one fetches, the others wait.
        fcntl.flock(lock, fcntl.LOCK_EX)
        if not made.exists():
            _fetch(npm, files, store, made)
    return made


def _fetch(npm: str, files: list[Path], store: Path, made: Path) -> None:
    with tempfile.TemporaryDirectory(dir=store) as name:
        fresh = Path(name) / "packages"
        fresh.mkdir()
        for file in files:
            shutil.copy(file, fresh)
        command = [npm, "ci", "--no-audit", "--no-fund", "--ignore-scripts"]
        done = subprocess.run(
            command, cwd=fresh, capture_output=True, text=True, timeout=_SECONDS, check=False
        )
        if done.returncode:
            skip_or_fail(f"npm ci failed: {done.stderr.strip()[-300:]}")
        fresh.rename(made)
