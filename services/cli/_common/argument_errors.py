"""Errors that the arguments and the environment of any command can cause, as one sentence.

Commands check what they know of their arguments. These are the errors that every text, number or
path can cause below them, and what the output goes to; anything else is a defect, and keeps its
traceback.
"""

import errno
import os
import sys
from collections.abc import Iterator
from contextlib import contextmanager, suppress

from fanzha.errors import FanzhaError
from fanzha.translation import os_faults
from fanzha.translation.catalogue import gettext, language

_OUT_OF_RANGE = "Value out of range: "
"""How the error of protobuf begins about a number that no field holds."""
_OF_OUTPUT = {errno.ENOSPC, errno.EDQUOT, errno.EFBIG, errno.EIO}
"""Errors of a disk that is written to."""


@contextmanager
def as_sentences() -> Iterator[None]:
    """Print such an error and end the command with the status for it."""
    try:
        try:
            yield
        finally:
            # What is in the buffer still: at exit nobody could say what became of it.
            if sys.stdout and not sys.stdout.closed:
                sys.stdout.flush()
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
        if isinstance(error, OSError) and error.filename is None:
            _discard_output()
        fail(sentence, status=ExitStatus.USAGE)


def _sentence(error: Exception) -> str:
    """Return the sentence for *error*, empty for a defect."""
    if isinstance(error, FanzhaError):
        return error.translated(language())
    if isinstance(error, UnicodeEncodeError):
        return _of_encoding(error)
    if isinstance(error, OSError):
        return _of_system(error)
    if str(error).startswith(_OUT_OF_RANGE):
        number = str(error).removeprefix(_OUT_OF_RANGE)
        return gettext("{number} is out of range", number=_shortened(number))
    return ""


def _of_encoding(error: UnicodeEncodeError) -> str:
    text = ascii(error.object[error.start : error.end])
    if error.encoding.lower().replace("_", "-") in ("utf-8", "utf8"):
        return gettext("an argument or variable holds bytes that are not UTF-8, {text}", text=text)
    return gettext(
        "the output is {encoding}, which has no {text}: set PYTHONIOENCODING=utf-8",
        encoding=error.encoding,
        text=_shortened(text),
    )


def _of_system(error: OSError) -> str:
    why = os_faults.fault(error).translated(language())
    if error.filename is None and error.errno in _OF_OUTPUT:
        return gettext("what was written is not whole: {why}", why=why)
    # A pipe that is closed early is typer's to handle.
    if error.filename is None or error.errno == errno.EPIPE:
        return ""
    return f"{_shortened(str(error.filename))}: {why}"


def _discard_output() -> None:
    """Let the rest of a broken output go nowhere: Python would report it once more at exit."""
    with suppress(OSError, ValueError, AttributeError):
        nowhere = os.open(os.devnull, os.O_WRONLY)
        os.dup2(nowhere, sys.stdout.fileno())
        os.close(nowhere)


def _shortened(text: str, most: int = 80) -> str:
    return text if len(text) <= most else f"{text[:most]}…"
