"""National language tables of GSM 7-bit (3GPP TS 23.038, annex A), from ``gsmcodecs``.

Its codecs fail, or write a question mark, at septets that a table leaves open. A phone shows the
character of the default table there (6.2.1.2.1), and so must whoever judges the text; hence the
tables are read out of the codecs once, septet by septet.
"""

from functools import cache

import gsmcodecs  # noqa: F401 - makes Python know the codecs

_CODEC = "gsm23.038"
_ESCAPE = 0x1B
_SEPTETS = range(128)
LANGUAGES = range(1, 14)
"""Turkish, Spanish, Portuguese, Bengali, Gujarati, Hindi, Kannada, Malayalam, Oriya, Punjabi,
Tamil, Telugu, Urdu (6.2.1.2.4). Spanish has no locking shift table."""


@cache
def single_shift(language: int) -> dict[int, str]:
    """Return what septets after an escape stand for; *language* 0, or unknown: the default."""
    codec = f"{_CODEC}-0-{language if language in LANGUAGES else 0}"
    found = {septet: _character(bytes([_ESCAPE, septet]), codec) for septet in _SEPTETS}
    return {septet: character for septet, character in found.items() if character}


@cache
def locking_shift(language: int) -> str:
    """Return the characters of the 128 septets; *language* 0, or unknown: the default alphabet."""
    codec = f"{_CODEC}-{language if language in LANGUAGES else 0}-0"
    return "".join(_character(bytes([septet]), codec) or "\ufffd" for septet in _SEPTETS)


def _character(octets: bytes, codec: str) -> str:
    try:
        return octets.decode(codec)
    except UnicodeDecodeError:
        return ""
