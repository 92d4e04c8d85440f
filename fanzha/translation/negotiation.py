"""Which language a caller asks for: ``accept-language``, as RFC 9110 writes it.

A gRPC request carries it as metadata. Bounded: what comes from outside is cut before it is read.
"""

from collections.abc import Callable, Iterable
from contextvars import ContextVar
from typing import TypeAlias

from fanzha.translation.catalogue import ENGLISH, catalogue, known_language
from fanzha.translation.message import localized

Metadata: TypeAlias = Iterable[tuple[str, str | bytes]] | None

HEADER = "accept-language"
_LONGEST = 200
_MetadataOf: TypeAlias = Callable[[], Metadata]
_caller: ContextVar[_MetadataOf | None] = ContextVar("caller", default=None)


def serve_caller(metadata_of: _MetadataOf) -> None:
    """Answer, in this task, in the language that the metadata of its request ask for."""
    _caller.set(metadata_of)


def for_caller(text: str) -> str:
    """Return a text of an answer in the language of the caller; English outside of requests."""
    return localized(text, caller_language())


def word_for_caller(code: str, context: str = "") -> str:
    """Return the word for a code in the language of the caller; the code where it has none.

    *context* is that of the word in the catalogues, such as ``part_kind``.
    """
    # Words of enums have underscores in the catalogues, names of fields have spaces.
    keys = (code, code.replace("_", " "))
    words = (_word(key, context) for key in keys if key)
    return next((word for word, key in zip(words, keys, strict=False) if word != key), code)


def _word(key: str, context: str) -> str:
    words = catalogue(caller_language())
    return words.pgettext(context, key) if context else words.gettext(key)


def caller_language() -> str:
    """Return the language that answers are in; English outside of requests."""
    metadata_of = _caller.get()
    return ENGLISH if metadata_of is None else accepted_language(metadata_of())


def accepted_language(metadata: Metadata) -> str:
    """Return the language of ours that the caller prefers; English where it names none."""
    for name, value in metadata or ():
        if name == HEADER and isinstance(value, str):
            return _preferred(value[:_LONGEST])
    return ENGLISH


def _preferred(header: str) -> str:
    best, language = 0.0, ENGLISH
    for part in header.split(","):
        tag, _, parameter = part.partition(";")
        weight = _weight(parameter)
        # The first of equal weight, as it is written.
        if (known := known_language(tag)) and weight > best:
            best, language = weight, known
    return language


def _weight(parameter: str) -> float:
    name, _, number = parameter.strip().partition("=")
    if not name:
        return 1.0
    try:
        return float(number) if name == "q" else 0.0
    except ValueError:
        return 0.0
