"""Turns transcripts of calls into texts: what the caller says is what others write.

Real Chinese fraud texts in the data are of one kind; scripts of fraud calls hold the others. The
dialogues are synthetic, fraud and service calls from two generators, so a figure on them says
nothing about real calls: they only teach.
"""

import re
from collections.abc import Iterator

from fanzha.text import normalise

SOURCES = frozenset({"teleantifraud"})
"""Sources of calls whose licence and language allow to learn texts from them."""

_TURN = re.compile(r"(?:^|\s)(left|right): ")
_FAILURE = "API"
"""Turns that tell of a failing generator are no speech."""
_LONG_ENOUGH = 12


def texts(dialogue: str, label: str) -> Iterator[str]:
    """Yield what the caller of *dialogue* says, as texts of one, two and three turns.

    In a call without fraud, what the customer says is legitimate as well.
    """
    turns = _turns(dialogue)
    caller = [said for side, said in turns if side == "left"]
    yield from _kept([caller[:1], caller[:2], caller[1:4]])
    if label == "ham":
        yield from _kept([[said] for side, said in turns if side == "right"][:2])


def _turns(dialogue: str) -> list[tuple[str, str]]:
    parts = _TURN.split(dialogue)[1:]
    turns = zip(parts[::2], parts[1::2], strict=True)
    return [(side, said.strip()) for side, said in turns if _FAILURE not in said]


def _kept(choices: list[list[str]]) -> Iterator[str]:
    for said in choices:
        if len(normalise(text := "".join(said))) >= _LONG_ENOUGH:
            yield text
