"""Makes `/opt/fanzha` below a staging folder: a virtual environment of pinned packages, our wheel.

Built somewhere else than it will lie, so what names the place is written anew: first lines of
scripts, `pyvenv.cfg`, compiled modules.
"""

import shutil
import subprocess
import sys
from pathlib import Path

PLACE = Path("/opt/fanzha")
_ACTIVATION = ("activate", "activate.csh", "activate.fish", "Activate.ps1")


def make(stage: Path, *, python: Path, requirements: Path, wheel: Path) -> Path:
    """Install into *stage* for *python*, which the package then depends on; return the folder."""
    target = stage / PLACE.relative_to("/")
    target.parent.mkdir(parents=True)
    _run(str(python), "-m", "venv", "--without-pip", str(target))
    pip = [sys.executable, "-m", "pip", "--python", str(target / "bin/python"), "install"]
    common = [*pip, "--quiet", "--disable-pip-version-check", "--no-compile"]
    _run(*common, "--require-hashes", "--only-binary", ":all:", "-r", str(requirements))
    _run(*common, "--no-deps", "--no-index", str(wheel))
    relocate(target)
    # As they will be found there, so that tracebacks name files that exist.
    library = next((target / "lib").glob("python3.*"))
    compiling = [str(python), "-m", "compileall", "-q", "-s", str(stage), "-p", "/", str(library)]
    _run(*compiling)
    return target


def relocate(target: Path) -> None:
    """Let the environment in *target* say that it lies at `PLACE`."""
    here, there = str(target).encode(), str(PLACE).encode()
    for name in _ACTIVATION:
        (target / "bin" / name).unlink(missing_ok=True)
    for file in (target / "bin").iterdir():
        if not file.is_symlink() and here in (text := file.read_bytes()):
            file.write_bytes(text.replace(here, there))
    (target / ".gitignore").unlink(missing_ok=True)
    settings = target / "pyvenv.cfg"
    kept = [line for line in settings.read_text().splitlines() if not line.startswith("command")]
    settings.write_text("\n".join(kept) + "\n")
    for cache in target.rglob("__pycache__"):
        shutil.rmtree(cache)


def wheel_of(checkout: Path, folder: Path) -> Path:
    """Build our wheel of *checkout* into *folder*."""
    _run(sys.executable, "-m", "hatchling", "build", "-t", "wheel", "-d", str(folder), cwd=checkout)
    (wheel,) = folder.glob("*.whl")
    return wheel


def _run(*command: str, cwd: Path | None = None) -> None:
    subprocess.run(command, check=True, cwd=cwd, stdout=sys.stderr)  # noqa: S603 - from here
