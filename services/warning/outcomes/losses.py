"""What follows when somebody lost money: an entry to block each of the means is proposed."""

from collections.abc import Callable
from functools import partial
from hashlib import blake2b

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
    """Proposes entries where none blocks, and nothing speaks against it."""

    def __init__(
        self,
        *,
        records: EntryOutcomeStore,
        learned: AppliedLog,
        proposals: ProposalService,
        now_ms: Callable[[], int],
    ) -> None:
        self._records = records
        self._learned = learned
        self._proposals = proposals
        self._now_ms = now_ms

    def lessons(self, case: Case) -> list[OutcomeAction]:
        """Return one for each of the means, and for what took the money where that is known."""
        return [
            OutcomeAction(field=_field(means), do=partial(self._propose, case, means))
            for means in dict.fromkeys((*case.means, *case.lost_to))
        ]

    async def _propose(self, case: Case, means: Means, asked: bool) -> str:
        wanted = loss_means.entry_for(means)
        if wanted is None:
            return f"{NoProposalReason.NO_KIND}: no list has entries for this {means.kind.value}"
        try:
            if why := await self._against(wanted):
                return why
            known = (await self._records.get(wanted.entry_id)).block_proposed
            if known and await self._proposals.waits(known):
                return f"already: change {known} blocks {wanted.pattern}, and waits"
            change = await self._learned.ask(
                case.id,
                _field(means),
                lambda: self._proposals.block(
                    wanted,
                    fraud_type=case.fraud_type,
                    campaign=_campaign(case),
                    reason=loss_reason(case, means),
                ),
                asked=asked,
            )
        except InvalidInput as error:
            return f"refused: {wanted.pattern}: {error}"
        if not change:
            return f"already: {wanted.pattern}, an entry was requested before"
        await self._records.note(wanted.entry_id, {"block_proposed": str(change)})
        return f"proposed: change {change} blocks {wanted.pattern}"

    async def _against(self, wanted: ProposedEntry) -> str:
        """Say what speaks against an entry; empty when nothing does."""
        found = await self._proposals.find(wanted.pattern)
        if found.protected_because:
            return f"{NoProposalReason.PROTECTED}: {found.protected_because}"
        if why := loss_means.existing_entry_reason(wanted, found.entries, self._now_ms() // 1000):
            return f"{why}: {wanted.pattern}"
        if wanted.kind is EntryKind.HOST and self._proposals.is_popular(wanted.pattern):
            return f"{NoProposalReason.POPULAR}: {wanted.pattern} is visited by many"
        return ""


def loss_reason(case: Case, means: Means) -> str:
    """Say why something should be blocked: the case and the decisions behind it."""
    shown = [str(one) for one in case.decisions[:_SHOWN]]
    more = len(case.decisions) - len(shown)
    decisions = f"decisions {', '.join(shown)}" if shown else "no decision of ours is behind it"
    return (
        f"case {case.id} was closed as lost money; the person was reached by {means.kind.value} "
        f"{means.value[:200]}; {decisions}" + (f" and {more} more" if more else "")
    )


def _field(means: Means) -> str:
    said = f"{means.kind.value}\0{means.value}"
    return f"block:{blake2b(said.encode(), digest_size=8).hexdigest()}"


def _campaign(case: Case) -> str:
    """Return the campaign where its source named one; otherwise it is the means, no name."""
    named = case.campaign.startswith(_NAMED_CAMPAIGN)
    return case.campaign.removeprefix(_NAMED_CAMPAIGN) if named else ""
