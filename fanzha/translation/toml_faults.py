"""What tomllib finds wrong with a file, as texts of the catalogues."""

import re

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message

TEXTS = frozenset(
    {
        gettext_noop("Cannot overwrite a value"),
        gettext_noop("Escaped character is not a Unicode scalar value"),
        gettext_noop("Expected '=' after a key in a key/value pair"),
        gettext_noop("Expected ']' at the end of a table declaration"),
        gettext_noop("Expected ']]' at the end of an array declaration"),
        gettext_noop("Expected newline or end of document after a statement"),
        gettext_noop("Invalid date or datetime"),
        gettext_noop("Invalid hex value"),
        gettext_noop("Invalid initial character for a key part"),
        gettext_noop("Invalid statement"),
        gettext_noop("Invalid value"),
        gettext_noop("Unclosed array"),
        gettext_noop("Unclosed inline table"),
        gettext_noop("Unescaped '\\' in a string"),
        gettext_noop("Unterminated string"),
    }
)
"""Those without values of the file; others stay in English."""
_PLACE = re.compile(r"(.+) \(at line (\d+), column (\d+)\)", re.DOTALL)
_END = " (at end of document)"


def fault(error: ValueError) -> Message:
    """Return what a `tomllib.TOMLDecodeError` says."""
    text = str(error)
    if text.endswith(_END):
        return Message("{what} (at end of document)", what=_known(text.removesuffix(_END)))
    found = _PLACE.fullmatch(text)
    if found is None:
        return Message("{what}", what=text)
    return Message(
        "{what} (at line {line}, column {column})",
        what=_known(found[1]),
        line=found[2],
        column=found[3],
    )


def _known(text: str) -> str:
    return Message(text) if text in TEXTS else text
