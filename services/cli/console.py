"""How commands talk to a person: colours only on a terminal, errors in one sentence."""

import json
import sys
from collections.abc import Iterator
from contextlib import contextmanager
from typing import Any, NoReturn

import grpc
import typer
from rich.console import Console
from rich.markup import escape
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)

from fanzha.client.login import Login, LoginError
from fanzha.errors import FanzhaError

out = Console(highlight=False)
"""For results."""
err = Console(stderr=True, highlight=False)
"""For progress and errors."""

_PIPE_WIDTH = 300


def wide() -> Console:
    """Return where tables go: as it is, for others wrote it, and folded on a terminal only."""
    # What reads a pipe looks for whole patterns.
    width = None if out.is_terminal else _PIPE_WIDTH
    return Console(width=width, highlight=False, markup=False, emoji=False)


def fail(message: str, *, status: int = 1) -> NoReturn:
    """End the command with one sentence."""
    err.print(f"[red]error:[/] {escape(message)}", soft_wrap=True)
    raise typer.Exit(status)


def print_json(value: Any) -> None:
    """Write *value* as JSON to standard output."""
    sys.stdout.write(json.dumps(value, ensure_ascii=False, indent=2) + "\n")


@contextmanager
def one_sentence(target: str) -> Iterator[None]:
    """Turn what goes wrong between us and a server into a sentence."""
    try:
        yield
    except grpc.RpcError as error:
        code = error.code() if hasattr(error, "code") else None
        details = error.details() if hasattr(error, "details") else str(error)
        if code is grpc.StatusCode.UNAVAILABLE:
            closed = "Socket closed" in str(details) and not Login.from_environment().encrypted
            hint = "; it may want TLS: fanzha --tls-ca FILE …" if closed else ""
            fail(f"no answer from {target}: {details}{hint}")
        if code is grpc.StatusCode.UNAUTHENTICATED:
            fail(f"{target} does not know you: {details}")
        if code is grpc.StatusCode.PERMISSION_DENIED:
            fail(f"{target} does not allow it: {details}")
        fail(f"{details} ({code.name if code else 'unknown'})")
    except (FanzhaError, LoginError) as error:
        fail(str(error))


def progress(*, bar: bool = True) -> Progress:
    """Make a progress display on standard error, shown on a terminal only."""
    columns = [SpinnerColumn(), TextColumn("{task.description}")]
    if bar:
        columns += [BarColumn(), TaskProgressColumn()]
    else:
        columns += [MofNCompleteColumn()]
    return Progress(
        *columns,
        TextColumn("{task.fields[note]}"),
        TimeElapsedColumn(),
        console=err,
        disable=not err.is_terminal,
        transient=True,
    )
