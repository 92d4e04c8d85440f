"""Which figures of a report on groups would tell of single people: small numbers, and differences.

* A group with fewer than `FEWEST_PEOPLE` people at risk is suppressed (primary suppression).
* Groups named ``kind:value``, such as ``age:60+``, divide the people of one kind. Where the
  suppressed ones of a kind are together fewer than that, the whole less the rest would tell of
  them, so the smallest others are suppressed, too (secondary suppression).
* Of fewer than `FEWEST_LOSSES` known losses no sum is told: it would be what somebody lost.
* Of fewer people before than `FEWEST_PEOPLE`, neither their number nor the change.
"""

from collections.abc import Mapping, Sequence

FEWEST_PEOPLE = 10
"""A group with fewer people at risk is suppressed."""
FEWEST_LOSSES = 3
"""Known losses whose sum is told."""


def kind_of(name: str) -> str:
    """Return the kind of a group; empty where its name has none, so that it may overlap others."""
    kind, colon, _ = name.partition(":")
    return kind if colon else ""


def suppressed(people: Mapping[str, int]) -> frozenset[str]:
    """Return the names of the groups to suppress, of the people at risk in each."""
    found = {name for name, count in people.items() if count < FEWEST_PEOPLE}
    kinds: dict[str, list[str]] = {}
    for name in people:
        if kind := kind_of(name):
            kinds.setdefault(kind, []).append(name)
    for names in kinds.values():
        found |= _secondary(names, people)
    return frozenset(found)


def _secondary(names: Sequence[str], people: Mapping[str, int]) -> set[str]:
    hidden = {name for name in names if people[name] < FEWEST_PEOPLE}
    together = sum(people[name] for name in hidden)
    for name in sorted(names, key=lambda one: (people[one], one)):
        if not 0 < together < FEWEST_PEOPLE:
            break
        if name not in hidden:
            hidden.add(name)
            together += people[name]
    return hidden
