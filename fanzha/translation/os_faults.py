"""What the operating system says about files and connections, as texts of the catalogues."""

import os

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message

TEXTS = frozenset(
    {
        gettext_noop("Address already in use"),
        gettext_noop("Cannot assign requested address"),
        gettext_noop("Connection refused"),
        gettext_noop("Connection reset by peer"),
        gettext_noop("Connection timed out"),
        gettext_noop("Directory not empty"),
        gettext_noop("File exists"),
        gettext_noop("File name too long"),
        gettext_noop("Input/output error"),
        gettext_noop("Invalid argument"),
        gettext_noop("Is a directory"),
        gettext_noop("Network is unreachable"),
        gettext_noop("No route to host"),
        gettext_noop("No space left on device"),
        gettext_noop("No such file or directory"),
        gettext_noop("Not a directory"),
        gettext_noop("Operation not permitted"),
        gettext_noop("Permission denied"),
        gettext_noop("Read-only file system"),
        gettext_noop("Too many levels of symbolic links"),
        gettext_noop("Too many open files"),
    }
)
"""Those that people meet, as GNU says them; others stay in English."""


def fault(error: OSError) -> Message:
    """Return what went wrong, without the file or address, which the caller names."""
    text = str(error) if error.errno is None else os.strerror(error.errno)
    return Message(text) if text in TEXTS else Message("{error}", error=text)
