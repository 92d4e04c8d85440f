"""Opens appeals: finds the subject, and stores each appeal once.

An appellant has one open appeal for a decision, or for a subject where there is no decision:
opening it again returns the same appeal. Once it is closed, another can follow and refers to it.
"""

import asyncio
import re
import unicodedata
from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass
from hashlib import sha256
from typing import Any

from fanzha.errors import InvalidInput, NotFound
from fanzha.phone import HomePlan
from infra import text_limits
from services.appeals import entry_snapshots, masking, serialization, subjects
from services.appeals.decision_lookup import DecisionLookup
from services.appeals.documents import DocumentFolder, SubmittedDocument, merged
from services.appeals.lift_plan import blocking
from services.appeals.list_access import ListAccess
from services.appeals.model import (
    OPEN,
    PERSON,
    STATEMENT,
    Appeal,
    AppealEvent,
    AppealEventKind,
    AppealSubject,
    Document,
    FoundIn,
    blocked_by,
)
from services.appeals.scope import check_hand, regions_of
from services.appeals.store import AppealStore
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity

_HOUR_MS = 3_600_000
_BLANK = re.compile(r"[\s()-]+")


@dataclass(frozen=True, slots=True, kw_only=True)
class AppealRequest:
    """The submission of an appellant."""

    decision_id: int = 0
    pattern: str = ""
    occurred_at_ms: int = 0
    appellant: str
    contact: str
    grounds: str
    documents: Sequence[SubmittedDocument] = ()
    opened_by: str = ""
    again: bool = False


@dataclass(frozen=True, slots=True, kw_only=True)
class Matter:
    """The subject of an appeal, with the decision and the entries behind it."""

    subject: AppealSubject
    found_in: FoundIn
    decision: Mapping[str, str]
    entries: Sequence[Mapping[str, Any]]


class AppealSubmission:
    """Opens appeals, and accepts more documents while they are open."""

    def __init__(
        self,
        *,
        store: AppealStore,
        decisions: DecisionLookup,
        lists: ListAccess,
        documents: DocumentFolder,
        trail: AuditedActions,
        home: HomePlan,
        now_ms: Callable[[], int],
        deadline_hours: int,
        opened: Callable[[], None] = lambda: None,
    ) -> None:
        self._store = store
        self._decisions = decisions
        self._lists = lists
        self._documents = documents
        self._trail = trail
        self._home = home
        self._now_ms = now_ms
        self._deadline_ms = deadline_hours * _HOUR_MS
        self._opened = opened

    async def open(self, request: AppealRequest) -> tuple[Appeal, bool]:
        """Open an appeal; return it, and False when there was one already."""
        appellant = text_limits.required("appellant", request.appellant, PERSON)
        contact = text_limits.required("contact", request.contact, PERSON)
        grounds = text_limits.required("grounds", request.grounds, STATEMENT)
        opened_by = identity.author(request.opened_by, "opened_by")
        documents = await asyncio.to_thread(self._documents.check, request.documents)
        matter = await self.matter(request.decision_id, request.pattern, request.occurred_at_ms)
        marker = _marker(request.decision_id, matter.subject, appellant, contact)
        known = await self._store.latest_of(marker)
        if known:
            earlier = await self._store.get(known)
            if earlier.is_open or not request.again:
                return earlier, False
        number, now = await self._store.next_id(), self._now_ms()
        appeal = Appeal(
            appeal_id=number,
            received_at_ms=now,
            deadline_ms=now + self._deadline_ms,
            appellant=appellant,
            contact=contact,
            grounds=grounds,
            documents=documents,
            subject=matter.subject,
            decision_id=request.decision_id or int(matter.decision.get("decision_id", 0)),
            found_in=matter.found_in,
            decision=matter.decision,
            entries=matter.entries,
            occurred_at_ms=request.occurred_at_ms,
            blocked_by=blocked_by(matter.entries, matter.decision),
            opened_by=opened_by,
            previous=known,
            regions=regions_of(matter.entries, matter.decision),
        )
        await asyncio.to_thread(self._documents.keep, number, request.documents)
        return await self._put(appeal, marker)

    async def add_documents(
        self, appeal_id: int, handed: Sequence[SubmittedDocument], by_field: str
    ) -> Appeal:
        """Add documents to an open appeal."""
        by = identity.author(by_field, "by")
        described = await asyncio.to_thread(self._documents.check, handed)
        if not described:
            raise InvalidInput("documents: required")
        appeal = await self._store.get(appeal_id)
        check_hand(appeal)
        if not appeal.is_open:
            raise InvalidInput(
                "appeal {appeal_id} is {state}: it accepts no documents",
                appeal_id=appeal_id,
                state=appeal.state,
            )
        together = merged(appeal.documents, described)
        await asyncio.to_thread(self._documents.keep, appeal_id, handed)
        await self._store.move(
            appeal_id,
            AppealEvent(
                at_ms=self._now_ms(),
                by=by,
                what=AppealEventKind.DOCUMENTS_ADDED,
                note=f"{len(described)}",
            ),
            allowed=OPEN,
            revision=appeal.revision,
            given={"documents": serialization.documents(together)},
        )
        return await self._store.get(appeal_id)

    def subject(self, pattern: str) -> AppealSubject:
        """Read whom or what an appeal may be about; raises `InvalidInput`."""
        return subjects.parse(pattern, self._home)

    async def matter(self, decision_id: int, pattern: str, occurred_at_ms: int) -> Matter:
        """Find the subject of a decision, or of the request."""
        if not decision_id:
            found = await self._block_near(pattern, occurred_at_ms)
            found_in = FoundIn.LOG if found else FoundIn.NOWHERE
            return await self._described_matter(found_in, found, pattern, occurred_at_ms)
        found_in, decision = await self._decisions.find(decision_id)
        if decision.get("action") == "ALLOW":
            raise InvalidInput(
                "decision_id: {decision_id} let the traffic through", decision_id=decision_id
            )
        subject = subjects.of_decision(decision, self._home)
        if found_in is FoundIn.APPELLANT or subject is None:
            if not pattern or not occurred_at_ms:
                raise NotFound(
                    "decision_id: {decision_id} is not stored; name who was blocked, and when",
                    decision_id=decision_id,
                )
            return await self._described_matter(
                FoundIn.APPELLANT, decision, pattern, occurred_at_ms
            )
        return Matter(
            subject=subject,
            found_in=found_in,
            decision=decision,
            entries=await self._entries(subject, decision),
        )

    async def _block_near(self, pattern: str, occurred_at_ms: int) -> Mapping[str, str]:
        """Return the logged block of what a request describes; empty where there is none."""
        if not pattern.strip() or not occurred_at_ms:
            return {}
        if not 0 < occurred_at_ms <= self._now_ms() + 24 * _HOUR_MS:
            raise InvalidInput("the time of the block is not a time of the past")
        subject = subjects.parse(pattern, self._home)
        return await self._decisions.block_near(subject, occurred_at_ms) or {}

    async def _described_matter(
        self,
        found_in: FoundIn,
        decision: Mapping[str, str],
        pattern: str,
        occurred_at_ms: int,
    ) -> Matter:
        if not pattern.strip():
            raise InvalidInput("decision_id or pattern: required")
        subject = subjects.parse(pattern, self._home)
        entries = await self._entries(subject, decision)
        if not entries and not occurred_at_ms:
            raise NotFound(
                "pattern: nothing on the lists blocks it; give the time at which it was blocked, "
                "to appeal against a model or a rule"
            )
        return Matter(subject=subject, found_in=found_in, decision=decision, entries=entries)

    async def _entries(
        self, subject: AppealSubject, decision: Mapping[str, str]
    ) -> list[dict[str, Any]]:
        found = await self._lists.find(subject.pattern)
        entries = blocking(found.entries, self._now_ms() // 1000)
        # The deciding entry first, then the others.
        entries.sort(key=lambda entry: entry.entry_id != decision.get("entry_id"))
        return [entry_snapshots.written(entry) for entry in entries]

    async def _put(self, appeal: Appeal, marker: str) -> tuple[Appeal, bool]:
        event = AppealEvent(
            at_ms=appeal.received_at_ms, by=appeal.opened_by, what=AppealEventKind.OPENED
        )
        found, first = await self._trail.around(
            AuditKind.APPEAL_OPENED,
            appeal.appeal_id,
            appeal.opened_by,
            _audited(appeal),
            self._store.open(appeal, marker, event),
        )
        if first:
            self._opened()
        else:
            # The same appeal was opened concurrently.
            await asyncio.to_thread(self._documents.drop, appeal.appeal_id)
        return await self._store.get(found), first


def _audited(appeal: Appeal) -> dict[str, str]:
    documents: Sequence[Document] = appeal.documents
    return {
        "decision_id": str(appeal.decision_id) if appeal.decision_id else "",
        "subject": masking.subject(appeal.subject).pattern,
        "blocked_by": appeal.blocked_by,
        "deadline_ms": str(appeal.deadline_ms),
        "documents": ",".join(one.sha256 for one in documents),
    }


def _marker(decision_id: int, subject: AppealSubject, appellant: str, contact: str) -> str:
    matter = str(decision_id) if decision_id else f"{int(subject.kind)} {subject.pattern}"
    who_appeals = (_BLANK.sub("", _folded(text)) for text in (appellant, contact))
    return sha256("\n".join((matter, *who_appeals)).encode()).hexdigest()


def _folded(text: str) -> str:
    return unicodedata.normalize("NFKC", text).casefold()
