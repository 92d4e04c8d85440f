"""How much likelier the letters of a name are in malicious names than in legitimate ones.

Two letter models, one of each side's names: each character is judged by the up to `ORDER` - 1
characters before it, smoothed by shorter contexts (a hierarchy of Dirichlet priors, MacKay and
Peto 1995). What is kept of both are the log ratio and the legitimate log-probability of the n-grams
that enough names hold; for others a shorter one stands.
"""

from collections import Counter
from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from math import log

ORDER = 5
LEAST_NAMES = 12
"""Names that hold an n-gram with figures of its own."""
SMOOTHING = 4.0
"""Characters that the shorter context is worth."""
CHARACTERS = 60
"""Read of a name."""
_START, _END = "^", "$"
_ALPHABET = 64
"""Characters that are equally likely without any context."""
_PLACES = 2


@dataclass(frozen=True, slots=True)
class LetterOdds:
    """Figures by n-gram, of its last character after the others."""

    ratios: Mapping[str, float] = field(default_factory=dict)
    """Log of how much likelier in malicious names."""
    legitimate: Mapping[str, float] = field(default_factory=dict)
    """Log-probability in legitimate names, of the same n-grams."""


def learn(names: Iterable[tuple[str, bool]]) -> LetterOdds:
    """Learn from names in lower case, each with whether it is malicious."""
    sides: tuple[Counter[str], Counter[str]] = (Counter(), Counter())
    for name, malicious in names:
        text = _wrapped(name)
        sides[malicious].update(
            text[start:end]
            for end in range(1, len(text) + 1)
            for start in range(max(0, end - ORDER), end)
        )
    grams = {**sides[False], **sides[True]}
    # Shorter ones first: longer ones are smoothed by them. In order, for equal bundles.
    kept = sorted(
        (gram for gram in grams if sides[False][gram] + sides[True][gram] >= LEAST_NAMES),
        key=lambda gram: (len(gram), gram),
    )
    good, bad = (_probabilities(side, kept) for side in sides)
    return LetterOdds(
        ratios={gram: round(log(bad[gram] / good[gram]), _PLACES) for gram in kept},
        legitimate={gram: round(log(good[gram]), _PLACES) for gram in kept},
    )


def _probabilities(counts: Counter[str], kept: Iterable[str]) -> dict[str, float]:
    contexts: Counter[str] = Counter()
    for gram, count in counts.items():
        contexts[gram[:-1]] += count
    found: dict[str, float] = {}
    for gram in kept:
        # A shorter n-gram is met at least as often, so it is kept, too, and stands before.
        shorter = found[gram[1:]] if len(gram) > 1 else 1 / _ALPHABET
        found[gram] = (counts[gram] + SMOOTHING * shorter) / (contexts[gram[:-1]] + SMOOTHING)
    return found


def _wrapped(name: str) -> str:
    return f"{_START}{name[:CHARACTERS]}{_END}"
