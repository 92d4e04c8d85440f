"""Proposes block entries for what identifies an entity, as one change request of whoever asks.

The request is applied at once where one person may, as each change of the lists.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from blocklists.entries import Entry, Source
from blocklists.row_validation import ProposedRows
from blocklists.store.changes import RowOutcome
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from services.auth import identity
from services.changes.report import ChangeTerms, RowReport, UpdateReport
from services.entities import identifiers
from services.entities.financial_fraud import FRAUD_TYPES, FinancialFraud
from services.entities.model import ENTRY_KINDS, Entity, EntityIdentifier
from services.entities.service import EntityRegistry
from services.lists.service import ListService

DEFAULT_DAYS = 365
MOST_DAYS = 3650
_DAY_S = 86_400


@dataclass(frozen=True, slots=True, kw_only=True)
class ProposalTerms:
    """How entries are proposed."""

    days: int = 0
    """Until they expire; 0: `DEFAULT_DAYS`."""
    dry_run: bool = False
    by_field: str = ""
    confirmed_risks: tuple[str, ...] = ()


@dataclass(frozen=True, slots=True, kw_only=True)
class EntryProposal:
    """What was proposed."""

    change_id: int
    """0: nothing, or a dry run."""
    rows: Sequence[RowReport]
    not_listable: int
    entity: Entity


class EntityEntries:
    """Turns identifiers into entries; guards, previews and approvals are those of the lists."""

    def __init__(
        self, registry: EntityRegistry, lists: ListService, now_ms: Callable[[], int]
    ) -> None:
        self._registry = registry
        self._lists = lists
        self._now_ms = now_ms

    async def propose(self, entity_id: int, terms: ProposalTerms) -> EntryProposal:
        """Propose block entries for hosts, numbers and senders that have none yet."""
        if not 0 <= terms.days <= MOST_DAYS:
            raise InvalidInput("days: 1 to {most}", most=MOST_DAYS)
        entity = await self._registry.get(entity_id)
        listable = identifiers.listable(entity.identifiers)
        if not listable:
            raise InvalidInput(
                "entity {entity_id} has no host, number or sender to list", entity_id=entity_id
            )
        blocked = {one: await self._blocking(one) for one in listable}
        new = [one for one in listable if blocked[one] is None]
        done = await self._update(entity, new, terms) if new else None
        change_id = done.requested.change_id if done and done.requested else 0
        if change_id:
            entity = await self._registry.proposed(entity, change_id, terms.by_field)
        added = dict(zip(new, done.additions, strict=True)) if done else {}
        return EntryProposal(
            change_id=change_id,
            rows=[added.get(one) or _blocked(one, blocked[one]) for one in listable],
            not_listable=len(entity.identifiers) - len(listable),
            entity=entity,
        )

    async def _blocking(self, identifier: EntityIdentifier) -> Entry | None:
        found = await self._lists.views.find(identifier.value)
        return next(
            (
                one
                for one in found.entries
                if one.action is Action.BLOCK and one.pattern == identifier.value
            ),
            None,
        )

    async def _update(
        self, entity: Entity, new: Sequence[EntityIdentifier], terms: ProposalTerms
    ) -> UpdateReport:
        author = identity.author(terms.by_field, "by")
        fraud_type = FRAUD_TYPES[FinancialFraud(entity.financial_fraud)]
        count = len(new)
        rows = ProposedRows(
            patterns=[one.value for one in new],
            kinds=[int(ENTRY_KINDS[one.kind]) for one in new],
            actions=[int(Action.BLOCK)] * count,
            fraud_types=[int(fraud_type)] * count,
            sources=[int(Source.BUREAU)] * count,
            expires_s=[self._now_ms() // 1000 + (terms.days or DEFAULT_DAYS) * _DAY_S] * count,
            reasons=[f"{entity.cleanup}: {entity.name}"] * count,
            legal_bases=[entity.legal_basis] * count,
            campaigns=[entity.cleanup] * count,
            regions=[entity.region] * count,
            authors=[author] * count,
        )
        change = ChangeTerms(
            author=author,
            reason=f"{entity.cleanup}: {entity.name} (#{entity.entity_id})",
            dry_run=terms.dry_run,
            confirmed_risks=terms.confirmed_risks,
            may_replace=False,
        )
        return await self._lists.update(rows, [], change)


def _blocked(identifier: EntityIdentifier, entry: Entry | None) -> RowReport:
    return RowReport(
        row=0,
        outcome=RowOutcome.DUPLICATE,
        entry_id=entry.entry_id if entry else "",
        pattern=identifier.value,
        kind=int(ENTRY_KINDS[identifier.kind]),
    )
