"""What another policy would make of past cases."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.warning.case_facts import CaseFacts
from services.warning.records import Tier
from services.warning.tiers import Policy

MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class Example:
    """A case whose tier would be another one."""

    case_id: str
    before: Tier
    after: Tier
    lines: tuple[str, ...]
    """Of the new policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Preview:
    """How past cases would change."""

    cases: int
    changed: int
    matrix: Mapping[tuple[Tier, Tier], int]
    """Cases by the tier before and after."""
    lines: Mapping[str, int]
    """In how many cases each line of the new policy gives the tier; unused ones with 0."""
    examples: Sequence[Example]
    """Up to `MOST_EXAMPLES` for each kind of change."""


def preview(
    before: Policy, after: Policy, facts: Iterable[CaseFacts], *, examples: int = MOST_EXAMPLES
) -> Preview:
    """Judge each case by both policies; what is shown is the effect of the policy alone.

    The tier that a case got at its time is not looked at: its facts were fewer then.
    """
    matrix: Counter[tuple[Tier, Tier]] = Counter()
    used: Counter[str] = Counter({line.id: 0 for line in after.lines})
    shown: list[Example] = []
    for one in facts:
        old, new = before.judge(one), after.judge(one)
        change = (old.tier, new.tier)
        matrix[change] += 1
        used.update(new.lines)
        if old.tier != new.tier and matrix[change] <= examples:
            shown.append(
                Example(case_id=one.case_id, before=old.tier, after=new.tier, lines=new.lines)
            )
    return Preview(
        cases=matrix.total(),
        changed=sum(count for (old, new), count in matrix.items() if old != new),
        matrix=dict(matrix),
        lines=dict(used),
        examples=shown,
    )
