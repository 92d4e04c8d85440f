"""`fanzha up`, `serve`, `admin`, `warn`: the processes."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Coroutine
from pathlib import Path
from typing import Annotated, Any

import typer

from infra import deferred_imports, garbage_collection
from services.cli._common.console import fail, fault_text
from services.processes import data_folder
from services.settings import loader
from services.settings import settings as service_settings
from services.settings.variables import CONFIG_VARIABLE
from services.telemetry import logging_setup

Config = Annotated[
    Path | None,
    typer.Option(
        envvar=CONFIG_VARIABLE,
        exists=True,
        dir_okay=False,
        help="TOML file of settings; variables FANZHA_… outrank it.",
    ),
]

_LATER = frozenset({"duckdb", "onnxruntime"})
"""What administration and the warning pipeline import at their first query or model, if ever."""
_OURS = ("classifiers", "services")


def up(config: Config = None) -> None:
    """Run everything on this machine, on an embedded Valkey unless FANZHA_REDIS_URL is set."""
    with garbage_collection.paused():
        from services.processes.up import run_all

    _run(config, run_all)


def serve(config: Config = None) -> None:
    """Run the interception workers of this host."""
    with garbage_collection.paused():
        from services.processes.up import run_interception

    _run(config, run_interception)


def admin(config: Config = None) -> None:
    """Run list administration."""
    with garbage_collection.paused(), deferred_imports.deferred(_LATER, importers=_OURS):
        from services.processes.admin import run

    _run(config, run)


def warn(config: Config = None) -> None:
    """Run the warning pipeline: from hits and warnings to people who are warned."""
    with garbage_collection.paused(), deferred_imports.deferred(_LATER, importers=_OURS):
        from services.processes.warn import run

    _run(config, run)


def worker(config: Config = None) -> None:
    """Run one interception worker; `serve` starts these."""
    with garbage_collection.paused():
        from services.processes.worker import run

    _run(config, run)


def _run(
    config: Path | None, role: Callable[[service_settings.Settings], Coroutine[Any, Any, int]]
) -> None:
    try:
        settings = loader.load(config)
        logging_setup.configure(level=settings.log_level, form=settings.log_format)
        data_folder.prepare(settings)
        status = asyncio.run(role(settings))
    except (ValueError, RuntimeError, OSError) as error:
        # A wrong deployment ends with one message: settings, models, a port or folder in use.
        fail(fault_text(error))
    raise typer.Exit(status)
