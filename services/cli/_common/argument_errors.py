"""Errors that the arguments and the environment of any command can cause, as one sentence.

Commands check what they know of their arguments. These are the errors that every text, number or
path can cause below them; anything else is a defect, and keeps its traceback.
"""

import errno
from collections.abc import Iterator
from contextlib import contextmanager

from fanzha.errors import FanzhaError
from fanzha.translation import os_faults
from fanzha.translation.catalogue import gettext, language

_OUT_OF_RANGE = "Value out of range: "
"""How the error of protobuf begins about a number that no field holds."""


@contextmanager
def as_sentences() -> Iterator[None]:
    """Print such an error and end the command with the status for it."""
    try:
        yield
    except (FanzhaError, OSError, ValueError) as error:
        sentence = _sentence(error)
        if not sentence:
            raise
        # Imported here, because these import gRPC, and help has to be fast.
        from services.cli._common import exit_status
        from services.cli._common.console import fail
        from services.cli._common.exit_status import ExitStatus

        if isinstance(error, FanzhaError):
            fail(sentence, status=exit_status.of_error(error))
        fail(sentence, status=ExitStatus.USAGE)


def _sentence(error: Exception) -> str:
    """Return the sentence for *error*, empty for a defect."""
    if isinstance(error, FanzhaError):
        return error.translated(language())
    if isinstance(error, UnicodeEncodeError):
        text = ascii(error.object[error.start : error.end])
        return gettext("an argument or variable holds bytes that are not UTF-8, {text}", text=text)
    if isinstance(error, OSError):
        # A pipe that is closed early is typer's to handle.
        if error.filename is None or error.errno == errno.EPIPE:
            return ""
        return f"{_shortened(str(error.filename))}: {os_faults.fault(error).translated(language())}"
    if str(error).startswith(_OUT_OF_RANGE):
        number = str(error).removeprefix(_OUT_OF_RANGE)
        return gettext("{number} is out of range", number=_shortened(number))
    return ""


def _shortened(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
