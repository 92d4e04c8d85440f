"""Which language a caller asks for: ``accept-language``, as RFC 9110 writes it.

A gRPC request carries it as metadata. Bounded: what comes from outside is cut before it is read.
"""

from collections.abc import Iterable

from fanzha.translation.catalogue import ENGLISH, known_language

HEADER = "accept-language"
_LONGEST = 200


def accepted_language(metadata: Iterable[tuple[str, str | bytes]] | None) -> str:
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
