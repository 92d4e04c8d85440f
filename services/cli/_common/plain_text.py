"""Makes text from outside harmless on a terminal.

A reason on an imported list may hold escape sequences that retitle the window, write into the
clipboard or hide lines, or marks that turn the order of letters around.
"""

import re

from rich.cells import cell_len

# C0 but tab and line feed, DEL, C1, line and paragraph separators, marks of direction, surrogates.
_HARMFUL = re.compile(
    "[\x00-\x08\x0b-\x1f\x7f-\x9f\u061c\u200e\u200f\u2028\u2029\u202a-\u202e\u2066-\u2069"
    "\ud800-\udfff]"
)
_INSTEAD = "?"


def visible(text: str) -> str:
    """Return *text* with a question mark for each character that could control a terminal."""
    return _HARMFUL.sub(_INSTEAD, text)


def one_line(text: str) -> str:
    """Return *text* with a question mark for everything that is not printed in its line."""
    return "".join(letter if letter.isprintable() else _INSTEAD for letter in text)


def escaped_json(text: str) -> str:
    """Escape what JSON may hold as it is and a terminal would obey; line feeds stay."""
    return _HARMFUL.sub(lambda match: f"\\u{ord(match[0]):04x}", text)


def padded(text: str, width: int) -> str:
    """Return *text* with spaces up to *width* columns; a Chinese character takes two."""
    return text + " " * max(0, width - cell_len(text))
