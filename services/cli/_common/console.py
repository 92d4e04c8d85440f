"""Output of commands: colours on a terminal only, errors as one sentence."""

from __future__ import annotations

import io
import json
import sys
from collections.abc import Iterable, Iterator
from contextlib import contextmanager
from typing import IO, Any, NoReturn, cast

import grpc
import typer
from google.protobuf import message as protobuf_message
from rich.console import Console, ConsoleOptions, RenderableType
from rich.progress import (
    BarColumn,
    MofNCompleteColumn,
    Progress,
    SpinnerColumn,
    TaskProgressColumn,
    TextColumn,
    TimeElapsedColumn,
)
from rich.segment import Segment
from rich.text import Text

from fanzha import client
from fanzha.errors import FanzhaError
from fanzha.translation import catalogue, os_faults
from fanzha.translation.catalogue import gettext, language
from infra.url_secrets import hidden
from services.cli._common import connection_faults, exit_status
from services.cli._common.exit_status import ExitStatus
from services.cli._common.json_words import as_dict
from services.cli._common.plain_text import escaped_json, visible


class PlainConsole(Console):
    """Prints text from outside literally: no markup, no emoji, no terminal control."""

    def __init__(self, *, stderr: bool = False, width: int | None = None) -> None:
        super().__init__(stderr=stderr, width=width, highlight=False, markup=False, emoji=False)

    def print(self, *objects: Any, soft_wrap: bool | None = None, **options: Any) -> None:
        """Print; a sentence stays one line where no terminal has a width to break it at."""
        if soft_wrap is None and not self.is_terminal:
            soft_wrap = all(isinstance(one, str | Text) for one in objects)
        super().print(*objects, soft_wrap=soft_wrap, **options)

    def render(
        self, renderable: RenderableType, options: ConsoleOptions | None = None
    ) -> Iterable[Segment]:
        """Render, with control characters of all texts replaced."""
        for segment in super().render(renderable, options):
            yield segment if segment.control else segment._replace(text=visible(segment.text))


out = PlainConsole()
"""For results."""
err = PlainConsole(stderr=True)
"""For progress and errors."""


class _VisibleOutput(io.TextIOBase):
    """Standard output for a terminal: text without control characters."""

    def write(self, text: str, /) -> int:
        """Write *text*; ends of lines of CSV are plain ones."""
        sys.stdout.write(visible(text.replace("\r\n", "\n")))
        return len(text)


def file_output() -> IO[str]:
    """Return standard output for the contents of a file.

    A pipe gets them exactly; a person at a terminal gets nothing that controls it.
    """
    return cast(IO[str], _VisibleOutput()) if out.is_terminal else sys.stdout


def fail(message: str, *, status: ExitStatus = ExitStatus.USAGE) -> NoReturn:
    """End the command with one sentence."""
    print_fault(message)
    raise typer.Exit(int(status))


def print_fault(message: str) -> None:
    """Print what ends the command, as one sentence."""
    # An error may quote the URL of a store.
    err.print(Text.assemble((gettext("error:"), "red"), " ", hidden(message)), soft_wrap=True)


def say_following() -> None:
    """Say on standard error that the command waits for more, so that silence is no riddle."""
    err.print(gettext("waiting for more; Ctrl-C ends"))


def print_json(value: Any) -> None:
    """Write *value* as JSON to standard output; it may be, or hold, messages of the wire."""
    text = json.dumps(value, ensure_ascii=False, indent=2, default=_plain)
    sys.stdout.write(escaped_json(text) + "\n")


def _plain(value: Any) -> Any:
    return as_dict(value) if isinstance(value, protobuf_message.Message) else list(value)


@contextmanager
def one_sentence(target: str) -> Iterator[None]:
    """Print an error of a call as one sentence and end the command."""
    try:
        yield
    except grpc.RpcError as error:
        code = error.code() if hasattr(error, "code") else None
        fail(_sentence(error, code, target), status=exit_status.of_code(code))
    except FanzhaError as error:
        fail(error.translated(language()), status=exit_status.of_error(error))
    except client.LoginError as error:
        fail(login_fault(error))


def fault_text(error: BaseException) -> str:
    """Return what *error* says, in the language of the user where it has words of ours."""
    if isinstance(error, FanzhaError):
        return error.translated(language())
    if isinstance(error, OSError) and error.strerror:
        return f"{error.filename}: {os_fault(error)}" if error.filename else os_fault(error)
    return str(error)


def os_fault(error: OSError) -> str:
    """Return what went wrong with a file or connection, in the language of the user."""
    return os_faults.fault(error).translated(language())


def login_fault(error: client.LoginError) -> str:
    """Return what is wrong with the credentials, in the language of the user."""
    values = dict(error.values)
    if isinstance(error.__cause__, OSError):
        values["error"] = os_faults.fault(error.__cause__)
    return catalogue.translated(error.message, values, language())


def _sentence(error: grpc.RpcError, code: grpc.StatusCode | None, target: str) -> str:
    original = str(error.details() if hasattr(error, "details") else error)
    details = client.localized_message(error) or original
    if code in (grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.DEADLINE_EXCEEDED):
        details = client.localized_message(error) or connection_faults.reason(original)
        closed = "Socket closed" in original and not client.Login.from_environment().encrypted
        hint = gettext("; it may require TLS: fanzha --tls-ca FILE …") if closed else ""
        return gettext(
            "no answer from {target}: {details}{hint}", target=target, details=details, hint=hint
        )
    if code is grpc.StatusCode.UNIMPLEMENTED:
        return gettext(
            "{target} does not serve this: is it another server of the service, or an older one? "
            "--server finds the right one",
            target=target,
        )
    if code is grpc.StatusCode.UNAUTHENTICATED:
        return gettext(
            "{target} cannot authenticate you: {details}", target=target, details=details
        )
    if code is grpc.StatusCode.PERMISSION_DENIED:
        return gettext("{target} does not allow it: {details}", target=target, details=details)
    if code is grpc.StatusCode.ABORTED:
        return gettext(
            "{details}. A concurrent change came first{error}: check the state, then repeat the "
            "command",
            details=details,
            error=_versions(error),
        )
    reason = details or gettext("the server gave no reason")
    return f"{reason} ({code.name if code else 'unknown'})"


def _versions(error: grpc.RpcError) -> str:
    found = client.version_conflict(error)
    if found is None:
        return ""
    expected = (
        ""
        if found.expected is None
        else gettext("expected version {expected}, ", expected=found.expected)
    )
    return gettext(" ({expected}now at version {actual})", expected=expected, actual=found.actual)


def progress(*, bar: bool = True) -> Progress:
    """Make a progress display on standard error, shown on a terminal only."""
    columns = [SpinnerColumn(), TextColumn("{task.description}", markup=False)]
    if bar:
        columns += [BarColumn(), TaskProgressColumn()]
    else:
        columns += [MofNCompleteColumn()]
    return Progress(
        *columns,
        TextColumn("{task.fields[note]}", markup=False),
        TimeElapsedColumn(),
        console=err,
        disable=not err.is_terminal,
        transient=True,
    )
