"""Preview of a new policy on past cases."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass

from services.warning.model import Tier
from services.warning.policy.facts import CaseFacts
from services.warning.policy.tiers import TierPolicy

MOST_EXAMPLES = 5


@dataclass(frozen=True, slots=True, kw_only=True)
class TierChangeExample:
    """A case whose tier would change."""

    case_id: str
    before: Tier
    after: Tier
    lines: tuple[str, ...]
    """Of the new policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyPreview:
    """Effect of a policy on past cases."""

    cases: int
    changed: int
    matrix: Mapping[tuple[Tier, Tier], int]
    """Cases by old and new tier."""
    lines: Mapping[str, int]
    """Cases in which each line of the new policy determines the tier; 0 for unused lines."""
    examples: Sequence[TierChangeExample]
    """Up to `MOST_EXAMPLES` for each kind of change."""


class PolicyPreviewer:
    """Evaluates cases by both policies.

    The recorded tier of a case is ignored, because it was based on fewer facts: the preview
    isolates the effect of the policy.
    """

    def __init__(
        self, before: TierPolicy, after: TierPolicy, *, examples: int = MOST_EXAMPLES
    ) -> None:
        self._before, self._after = before, after
        self._most = examples
        self._matrix: Counter[tuple[Tier, Tier]] = Counter()
        self._lines: Counter[str] = Counter({line.id: 0 for line in after.lines})
        self._examples: list[TierChangeExample] = []

    def add(self, facts: CaseFacts) -> None:
        """Evaluate one case."""
        old, new = self._before.judge(facts), self._after.judge(facts)
        change = (old.tier, new.tier)
        self._matrix[change] += 1
        self._lines.update(new.lines)
        if old.tier != new.tier and self._matrix[change] <= self._most:
            self._examples.append(
                TierChangeExample(
                    case_id=facts.case_id, before=old.tier, after=new.tier, lines=new.lines
                )
            )

    @property
    def result(self) -> PolicyPreview:
        """The preview of all cases added so far."""
        return PolicyPreview(
            cases=self._matrix.total(),
            changed=sum(count for (old, new), count in self._matrix.items() if old != new),
            matrix=dict(self._matrix),
            lines=dict(self._lines),
            examples=list(self._examples),
        )


def preview(
    before: TierPolicy,
    after: TierPolicy,
    facts: Iterable[CaseFacts],
    *,
    examples: int = MOST_EXAMPLES,
) -> PolicyPreview:
    """Evaluate all cases by both policies."""
    previewing = PolicyPreviewer(before, after, examples=examples)
    for one in facts:
        previewing.add(one)
    return previewing.result
