"""`fanzha up`, `serve`, `admin`, `warn`, `console`: the processes."""

from __future__ import annotations

from pathlib import Path
from typing import Annotated

import typer

from fanzha.errors import FanzhaError
from fanzha.translation.catalogue import gettext
from infra import forked_processes
from services.cli import role_forks
from services.cli._common.console import fail, fault_text, out
from services.processes import roles
from services.settings.variables import CONFIG_VARIABLE

Config = Annotated[
    Path | None,
    typer.Option(
        envvar=CONFIG_VARIABLE,
        exists=True,
        dir_okay=False,
        help="TOML file of settings; variables FANZHA_… outrank it.",
    ),
]


def up(config: Config = None) -> None:
    """Run everything on this machine, on an embedded Valkey unless FANZHA_REDIS_URL is set."""
    _run_parent("up", config)


def serve(config: Config = None) -> None:
    """Run the interception workers of this host."""
    _run_parent("serve", config)


def admin(config: Config = None) -> None:
    """Run list administration."""
    _run("admin", config)


def warn(config: Config = None) -> None:
    """Run the warning pipeline: from hits and warnings to people who are warned."""
    _run("warn", config)


def console(config: Config = None) -> None:
    """Run the console: the pages in a browser, on servers that run already."""
    _run("console", config)


def worker(config: Config = None) -> None:
    """Run one interception worker; `serve` starts these."""
    _run("worker", config)


def backup(
    archive: Annotated[Path, typer.Argument(metavar="FILE", help="Tar file to write.")],
    config: Config = None,
) -> None:
    """Write the data of this host to a file, while it serves or not.

    The store, audit log with its private key, appeals and decision log, for you alone to read. An
    external Redis is backed up by its own means.
    """
    from infra.clock import now_ms
    from services.processes import data_backup
    from services.settings import loader

    try:
        report = data_backup.back_up(loader.load(config), archive, now_ms=now_ms())
    except (FanzhaError, ValueError, RuntimeError, OSError) as error:
        fail(fault_text(error))
    out.print(
        gettext(
            "{archive}: {files:,} files, {size:,} bytes",
            archive=archive,
            files=len(report.files),
            size=report.size,
        )
    )


def restore(
    archive: Annotated[
        Path, typer.Argument(exists=True, dir_okay=False, metavar="FILE", help="A backup.")
    ],
    config: Config = None,
) -> None:
    """Unpack a backup into the data folder, which must be missing or empty.

    Every file is compared with the backup's manifest first. Then start the service.
    """
    from services.processes import data_backup
    from services.settings import loader

    try:
        folder = loader.load(config).data_dir
        report = data_backup.restore(archive, folder)
    except (FanzhaError, ValueError, RuntimeError, OSError) as error:
        fail(fault_text(error))
    out.print(gettext("{folder}: {files:,} files restored", folder=folder, files=len(report.files)))


def _run_parent(name: str, config: Path | None) -> None:
    # First, as a process that has threads or an event loop is not forked.
    started = role_forks.start()
    if started is None:
        _run(name, config)
        return
    forks = forked_processes.ForkServer(*started)
    try:
        _run(name, config, forks)
    finally:
        forks.close()


def _run(name: str, config: Path | None, forks: forked_processes.ForkServer | None = None) -> None:
    try:
        status = roles.run(roles.load(name), config, forks)
    except (ValueError, RuntimeError, OSError) as error:
        # A wrong deployment ends with one message: settings, models, a port or folder in use.
        fail(fault_text(error))
    raise typer.Exit(status)
