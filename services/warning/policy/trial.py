"""Try a policy on past cases, beside the one in force."""

import asyncio
from collections.abc import AsyncIterator
from dataclasses import dataclass
from pathlib import Path

from fanzha.errors import InvalidInput
from infra import text_limits
from infra.text_limits import CharacterSet, TextLimit
from services.auth import identity, roles
from services.warning.cases.listing import CaseListing
from services.warning.policy import facts, tiers
from services.warning.policy.in_force import WarningPolicyInForce
from services.warning.policy.preview import MOST_EXAMPLES, PolicyPreview, PolicyPreviewer

MOST_SHOWN = 100
_POLICY = TextLimit(max_characters=2**18, characters=CharacterSet.ANY, strip=False)
_STEP = 500
"""So many cases are judged between two words of progress."""


@dataclass(frozen=True, slots=True, kw_only=True)
class TrialProgress:
    """How far a trial is; the last one has the preview."""

    judged: int
    expected: int
    before_version: str = ""
    after_version: str = ""
    preview: PolicyPreview | None = None


class PolicyTrial:
    """Judges past cases by two policies. Raises `Unavailable` while Redis is away."""

    def __init__(
        self,
        cases: CaseListing,
        *,
        policies: WarningPolicyInForce,
        groups_file: Path | None,
        home_country: str,
    ) -> None:
        self._cases = cases
        self._policies = policies
        self._groups_file = groups_file
        self._home_country = home_country

    async def run(
        self, policy: str, *, against: str, since_ms: int, region: str, most_shown: int | None
    ) -> AsyncIterator[TrialProgress]:
        """Yield the progress of judging cases by *policy* and by *against*, both TOML.

        An empty *against* is the policy in force. Raises `InvalidInput` for a wrong policy.
        """
        roles.check_region(identity.current(), region)
        shown = MOST_EXAMPLES if most_shown is None else most_shown
        if not 0 <= shown <= MOST_SHOWN:
            raise InvalidInput(
                "examples: up to {most_shown}, not {shown}", most_shown=MOST_SHOWN, shown=shown
            )
        after = _parsed("policy", policy)
        before = _parsed("against", against) if against else (await self._policies.current()).tiers
        context = await asyncio.to_thread(facts.load, self._groups_file, self._home_country)
        previewer = PolicyPreviewer(before, after, examples=shown)
        expected = await self._cases.count(region=region, only_open=False)
        judged = 0
        async for case, _ in self._cases.walk(region=region, since=max(0, since_ms)):
            previewer.add(facts.facts_of(case, context))
            judged += 1
            if judged % _STEP == 0:
                yield TrialProgress(judged=judged, expected=expected)
        yield TrialProgress(
            judged=judged,
            expected=expected,
            before_version=before.version,
            after_version=after.version,
            preview=previewer.result,
        )


def _parsed(name: str, text: str) -> tiers.TierPolicy:
    text_limits.optional(name, text, _POLICY)
    try:
        return tiers.parse(text, name)
    except (ValueError, RecursionError) as error:
        raise InvalidInput(str(error) or f"{name}: nested too deep") from error
