"""Locates the store of a service for commands."""

import os
from pathlib import Path
from typing import Annotated

import typer

from infra.url_secrets import has_password
from services.cli._common.console import fail

URL_VARIABLE = "FANZHA_REDIS_URL"
ENVIRONMENT = "env"
"""Stands for the URL in `URL_VARIABLE`."""
FILE_MARK = "@"
"""Prefix of a file name that holds the URL."""
URL_HELP = f"; {ENVIRONMENT}: {URL_VARIABLE}, {FILE_MARK}FILE: the URL in a file."


def given_url(context: typer.Context, parameter: typer.CallbackParam, given: str) -> str:
    """Return the URL that an option names; refuse one with a password on the command line.

    Every user of the machine sees the arguments of a process, and shells keep them.
    """
    source = context.get_parameter_source(parameter.name or "")
    if source is None or source.name != "COMMANDLINE":
        return given
    if given == ENVIRONMENT:
        return os.environ.get(URL_VARIABLE, "") or fail(f"{URL_VARIABLE} is not set", status=2)
    if given.startswith(FILE_MARK):
        return _read(Path(given.removeprefix(FILE_MARK)))
    if has_password(given):
        fail(
            f"{parameter.opts[0]}: a password among arguments is seen by every user of this "
            f"machine; put the URL into {URL_VARIABLE} and give {ENVIRONMENT}, or into a file and "
            f"give {FILE_MARK}FILE",
            status=2,
        )
    return given


def _read(file: Path) -> str:
    try:
        return file.read_text(encoding="utf-8").strip()
    except (OSError, ValueError) as error:
        fail(f"{file}: {getattr(error, 'strerror', None) or 'no text'}", status=2)


RedisUrl = Annotated[
    str,
    typer.Option(
        envvar=URL_VARIABLE, callback=given_url, help=f"Empty: the embedded Valkey{URL_HELP}"
    ),
]
DataDir = Annotated[
    Path, typer.Option(envvar="FANZHA_DATA_DIR", help="Data folder of the embedded Valkey.")
]
DEFAULT_DATA_DIR = Path("data")


def store_url(redis_url: str, data_dir: Path) -> str:
    """Return the URL of the store; without one, end the command."""
    found = found_store(redis_url, data_dir)
    if found is None:
        fail(f"no --redis-url, and no embedded Valkey runs in {data_dir}", status=2)
    return found


def found_store(redis_url: str, data_dir: Path) -> str | None:
    """Return *redis_url*, else the address of the embedded Valkey of *data_dir*, if it runs."""
    if redis_url:
        return redis_url
    try:
        return (data_dir / "valkey" / "url").read_text().strip()
    except OSError:
        return None
