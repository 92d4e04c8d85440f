"""Counts independent reporters: a ring that reports the same subjects together counts once.

Two reporters belong together when they share at least so many other subjects; rings are what hangs
together by that. It errs in favour of whoever was reported: honest people who report the same wave
of messages count once, too, and others have to join them.
"""

from collections import Counter
from collections.abc import Mapping, Set
from itertools import combinations


def independent(subjects: Mapping[str, Set[str]], shared: int) -> int:
    """Return the number of groups of reporters; *subjects* has what else each has reported."""
    leader = {one: one for one in subjects}
    together: Counter[tuple[str, str]] = Counter()
    reporters: dict[str, list[str]] = {}
    for reporter, others in subjects.items():
        if len(others) >= shared:
            for subject in others:
                reporters.setdefault(subject, []).append(reporter)
    for group in reporters.values():
        together.update(combinations(sorted(group), 2))
    for (one, other), count in together.items():
        if count >= shared:
            leader[_first(leader, one)] = _first(leader, other)
    return len({_first(leader, one) for one in subjects})


def _first(leader: dict[str, str], one: str) -> str:
    while leader[one] != one:
        leader[one] = leader[leader[one]]
        one = leader[one]
    return one
