"""Random plausible numbers; none is meant to belong to anyone."""

from numpy.random import Generator

from classifiers.training.call_simulator.behaviour import NumberType
from fanzha.tables import Int64s

_FOREIGN = (1_5550, 44_7000, 60_100, 63_9000, 66_800, 84_900, 855_100, 95_9000)
"""Leading digits of numbers abroad; six more follow."""


def callers(line: NumberType, count: int, chance: Generator) -> Int64s:
    """Invent *count* calling numbers."""
    if line is NumberType.MOBILE:
        return chance.integers(8613000000000, 8620000000000, count)
    if line is NumberType.FIXED:
        return 8600000000000 + chance.integers(20, 30, count) * 10**8 + _eight(count, chance)
    if line is NumberType.FORGED:
        # Of a length or beginning that nobody here has; the rules of plausibility know it.
        return 8611000000000 + chance.integers(0, 10**9, count)
    leads = chance.choice(_FOREIGN, count)
    return leads * 10**6 + chance.integers(0, 10**6, count)


def callees(count: int, chance: Generator) -> Int64s:
    """Invent *count* called numbers, most of them mobile."""
    mobile = chance.integers(8613000000000, 8620000000000, count)
    fixed = callers(NumberType.FIXED, count, chance)
    few = chance.random(count) < 0.1  # noqa: PLR2004
    mobile[few] = fixed[few]
    return mobile


def _eight(count: int, chance: Generator) -> Int64s:
    return chance.integers(20_000_000, 90_000_000, count)
