"""The roles a process can have: what each imports, and how it runs."""

import asyncio
from collections.abc import Callable, Coroutine
from importlib import import_module
from pathlib import Path
from typing import TYPE_CHECKING, Any, TypeAlias

from infra import deferred_imports, garbage_collection
from infra.forked_processes import ForkServer
from services.rpc import server_options

if TYPE_CHECKING:
    from services.processes.shared_data import SharedData

Role: TypeAlias = "Callable[..., Coroutine[Any, Any, int]]"
"""Gets the settings; one that starts others gets the fork server besides."""


_PLACES = {
    "up": ("up", "run_all"),
    "serve": ("up", "run_interception"),
    "admin": ("admin", "run"),
    "warn": ("warn", "run"),
    "worker": ("worker", "run"),
    "console": ("console", "run"),
}
"""Module in `services.processes` and function of each role."""
_LATER = frozenset({"duckdb", "onnxruntime"})
"""Imported at the first query and the first model. onnxruntime starts a thread when it is, which
a fork would lose."""
_OURS = ("classifiers", "services")


def load(name: str) -> Role:
    """Import what role *name* needs, and return the role."""
    module, function = _PLACES[name]
    server_options.merge_filters()
    garbage_collection.return_large_pieces()
    with garbage_collection.paused(), deferred_imports.deferred(_LATER, importers=_OURS):
        role: Role = getattr(import_module(f"services.processes.{module}"), function)
    return role


def load_shared() -> "SharedData":
    """Import what all roles need, and the workers besides, and return the data that they share."""
    load("worker")
    from services.processes.shared_data import SharedData  # noqa: PLC0415 - a parent has no use for it

    # structlog would draw tracebacks with rich, which takes a tenth of all imports; ours are text.
    with deferred_imports.withheld("rich"):
        from services.telemetry import logging_setup  # noqa: F401, PLC0415 - used by `run`

    return SharedData()


def run(role: Role, config: Path | None = None, forks: ForkServer | None = None) -> int:
    """Run *role* with the settings of this process; return its exit status.

    *forks* is for a role that starts others.

    `ValueError`, `RuntimeError` and `OSError` are a wrong deployment: settings, models, a port or
    folder in use.
    """
    # A parent has started its fork server before these, which take a third of a second.
    from services.processes import data_folder  # noqa: PLC0415
    from services.settings import loader  # noqa: PLC0415
    from services.telemetry import logging_setup  # noqa: PLC0415

    settings = loader.load(config)
    logging_setup.configure(level=settings.log_level, form=settings.log_format)
    data_folder.prepare(settings)
    return asyncio.run(role(settings) if forks is None else role(settings, forks))
