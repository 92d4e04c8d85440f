"""Checks the file that a command will write, before it asks a server for the content."""

from pathlib import Path

import typer

from fanzha.translation.catalogue import gettext


def checked(file: Path | None) -> Path | None:
    """Return *file*; a usage error if its folder is missing. Callback of options such as --out."""
    if file is not None and not file.parent.is_dir():
        raise typer.BadParameter(
            gettext("there is no folder {folder}: create it first", folder=str(file.parent))
        )
    return file


def fresh(file: Path) -> Path:
    """Like `checked`, and a usage error if the file exists: evidence is never overwritten."""
    checked(file)
    if file.exists():
        raise typer.BadParameter(
            gettext("{file} exists already: name another file", file=str(file))
        )
    return file
