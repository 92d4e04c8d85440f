"""How many examples a property takes, by the profile of Hypothesis."""

from hypothesis import settings

_USUAL = 100
"""What the profile of ``make test`` takes where a test does not say."""


def examples(number: int) -> int:
    """Return *number* with the profile of ``make test``, and a share of it with a faster one."""
    return max(1, number * settings().max_examples // _USUAL)
