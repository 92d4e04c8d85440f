"""Actions after money was lost: propose an entry to block each of the means."""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b

from blocklists import region_codes
from blocklists.entries import EntryKind
from fanzha.errors import InvalidInput
from services.warning.cases.model import Case
from services.warning.model import Means
from services.warning.outcomes import loss_means
from services.warning.outcomes.applied_log import AppliedLog, OutcomeAction
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore
from services.warning.outcomes.loss_means import NoProposalReason, ProposedEntry
from services.warning.outcomes.proposals import ProposalService

_SHOWN = 10
_NAMED_CAMPAIGN = "campaign:"


class LossProposals:
    """Proposes block entries, unless one exists or a `NoProposalReason` applies."""

    def __init__(
        self,
        *,
        records: EntryOutcomeStore,
        applied: AppliedLog,
        proposals: ProposalService,
        now_ms: Callable[[], int],
    ) -> None:
        self._records = records
        self._applied = applied
        self._proposals = proposals
        self._now_ms = now_ms

    def actions(self, case: Case) -> list[OutcomeAction]:
        """Return one action for each of the means, including those that received the money."""
        return [
            OutcomeAction(field=_field(means), run=partial(self._propose, case, means))
            for means in dict.fromkeys((*case.means, *case.lost_to))
        ]

    async def _propose(self, case: Case, means: Means, requested: bool) -> str:
        entry = loss_means.entry_for(means)
        if entry is None:
            return f"{NoProposalReason.NO_KIND}: no list has entries for this {means.kind.value}"
        try:
            if why := await self._objection(entry):
                return why
            known = (await self._records.get(entry.entry_id)).block_proposed
            if known and await self._proposals.is_open(known):
                return f"already: change {known} blocks {entry.pattern}, and waits"
            change = await self._applied.request_once(
                case.id,
                _field(means),
                lambda: self._proposals.block(
                    entry,
                    fraud_type=case.fraud_type,
                    campaign=_campaign(case),
                    region=_region(case),
                    reason=loss_reason(case, means),
                ),
                requested=requested,
            )
        except InvalidInput as error:
            return f"refused: {entry.pattern}: {error}"
        if not change:
            return f"already: {entry.pattern}, an entry was requested before"
        await self._records.write(entry.entry_id, {"block_proposed": str(change)})
        return f"proposed: change {change} blocks {entry.pattern}"

    async def _objection(self, entry: ProposedEntry) -> str:
        """Return why an entry is not proposed; empty: propose it."""
        found = await self._proposals.find(entry.pattern)
        if found.protected_because:
            return f"{NoProposalReason.PROTECTED}: {found.protected_because}"
        if why := loss_means.existing_entry_reason(entry, found.entries, self._now_ms() // 1000):
            return f"{why}: {entry.pattern}"
        if entry.kind is EntryKind.HOST and self._proposals.is_popular(entry.pattern):
            return f"{NoProposalReason.POPULAR}: {entry.pattern} is visited by many"
        return ""


def loss_reason(case: Case, means: Means) -> str:
    """Return the reason of a proposed block: the case and its decisions."""
    shown = [str(one) for one in case.decisions[:_SHOWN]]
    more = len(case.decisions) - len(shown)
    decisions = f"decisions {', '.join(shown)}" if shown else "no decision of ours is behind it"
    return (
        f"case {case.id} was closed as lost money; the person was reached by {means.kind.value} "
        f"{means.value[:200]}; {decisions}" + (f" and {more} more" if more else "")
    )


def _field(means: Means) -> str:
    results = f"{means.kind.value}\0{means.value}"
    return f"block:{blake2b(results.encode(), digest_size=8).hexdigest()}"


def _campaign(case: Case) -> str:
    """Return the campaign if its source named it; empty if it was derived from the means."""
    named = case.campaign.startswith(_NAMED_CAMPAIGN)
    return case.campaign.removeprefix(_NAMED_CAMPAIGN) if named else ""


def _region(case: Case) -> str:
    """Return the region in charge of the case as lists have it; empty where it has no code."""
    code = case.region.code
    return region_codes.region_key(code) if region_codes.is_code(code) else ""
