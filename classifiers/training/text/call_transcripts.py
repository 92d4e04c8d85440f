"""Converts transcripts of calls into texts: the caller's turns resemble messages.

Real Chinese fraud texts in the data are of one kind; scripts of fraud calls hold the others. The
dialogues are synthetic, fraud and service calls from two generators, so a figure on them says
nothing about real calls: they are used for training only.
"""

import re
from collections.abc import Iterator

from fanzha.text import normalise

SOURCES = frozenset({"teleantifraud"})
"""Sources of calls whose licence and language allow to learn texts from them."""

_TURN = re.compile(r"(?:^|\s)(left|right): ")
_FAILURE = "API"
"""Marks turns with an error of the generator, which are no speech."""
_LONG_ENOUGH = 12


def texts(dialogue: str, label: str) -> Iterator[str]:
    """Yield the caller's turns of *dialogue*, as texts of one, two and three turns.

    In a call without fraud, the customer's turns are legitimate texts as well.
    """
    turns = _turns(dialogue)
    caller = [turn for side, turn in turns if side == "left"]
    yield from _long_enough([caller[:1], caller[:2], caller[1:4]])
    if label == "ham":
        yield from _long_enough([[turn] for side, turn in turns if side == "right"][:2])


def _turns(dialogue: str) -> list[tuple[str, str]]:
    parts = _TURN.split(dialogue)[1:]
    turns = zip(parts[::2], parts[1::2], strict=True)
    return [(side, turn.strip()) for side, turn in turns if _FAILURE not in turn]


def _long_enough(choices: list[list[str]]) -> Iterator[str]:
    for turns in choices:
        if len(normalise(text := "".join(turns))) >= _LONG_ENOUGH:
            yield text
