"""``make deb``: builds dist/fanzha_<version>_<architecture>.deb for the Debian that it runs on."""

import subprocess
import tomllib
from pathlib import Path
from tempfile import TemporaryDirectory
from typing import Annotated

import typer

from tools.debian_package import package, payload
from tools.debian_package.package import PackageFacts

CHECKOUT = Path(__file__).resolve().parents[2]


def facts_of(checkout: Path, python: Path) -> PackageFacts:
    """Ask the checkout, dpkg and *python* what the package must say."""
    project = tomllib.loads((checkout / "pyproject.toml").read_text())["project"]
    release = _said(str(python), "-c", "import sys; print(*sys.version_info[:2])").split()
    return PackageFacts(
        version=f"{project['version']}-1",
        architecture=_said("dpkg", "--print-architecture"),
        python=(int(release[0]), int(release[1])),
        released_at=int(_said("git", "-C", str(checkout), "log", "-1", "--format=%ct")),
    )


def main(
    *,
    python: Annotated[
        Path, typer.Option(exists=True, help="Debian's Python, which the package depends on.")
    ] = Path("/usr/bin/python3"),
    requirements: Annotated[
        Path, typer.Option(exists=True, help="Pinned packages; adapters.lock has more.")
    ] = CHECKOUT / "requirements/runtime.lock",
    target: Annotated[Path, typer.Option(help="Folder to write into.")] = CHECKOUT / "dist",
) -> None:
    """Build the package."""
    with TemporaryDirectory() as folder:
        stage, wheels = Path(folder) / "stage", Path(folder) / "wheels"
        stage.mkdir(mode=0o755)
        wheel = payload.wheel_of(CHECKOUT, wheels)
        payload.make(stage, python=python, requirements=requirements, wheel=wheel)
        file = package.build(stage, CHECKOUT, facts_of(CHECKOUT, python), target)
    typer.echo(file)


def _said(*command: str) -> str:
    done = subprocess.run(command, check=True, capture_output=True, text=True)  # noqa: S603
    return done.stdout.strip()


if __name__ == "__main__":
    typer.run(main)
