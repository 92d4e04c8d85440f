"""Where commands find the store that a service uses."""

from pathlib import Path
from typing import Annotated

import typer

from services.cli.console import fail

RedisUrl = Annotated[
    str, typer.Option(envvar="FANZHA_REDIS_URL", help="Empty: the embedded Valkey.")
]
DataDir = Annotated[
    Path, typer.Option(envvar="FANZHA_DATA_DIR", help="Where the embedded Valkey lives.")
]
DEFAULT_DATA_DIR = Path("data")


def store_url(redis_url: str, data_dir: Path) -> str:
    """Return where the store is; without one, end the command."""
    found = found_store(redis_url, data_dir)
    if found is None:
        fail(f"no --redis-url, and no embedded Valkey runs in {data_dir}", status=2)
    return found


def found_store(redis_url: str, data_dir: Path) -> str | None:
    """Return *redis_url*, or where the embedded Valkey of *data_dir* listens, if one does."""
    if redis_url:
        return redis_url
    try:
        return (data_dir / "valkey" / "url").read_text().strip()
    except OSError:
        return None
