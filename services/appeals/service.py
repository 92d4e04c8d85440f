"""The appeal service, as gRPC calls it: from opening an appeal to the report."""

import asyncio
from collections.abc import Callable, Sequence
from dataclasses import dataclass, replace

from fanzha.errors import InvalidInput, NotAllowed, NotFound
from services.appeals import appeal_file, entry_snapshots, masking, report
from services.appeals.appeal_file import AppealFile, AppealFileReader
from services.appeals.documents import DocumentFolder
from services.appeals.model import (
    DECIDED,
    OPEN,
    Appeal,
    AppealEvent,
    AppealEventKind,
    AppealOutcome,
    AppealState,
    AppealSubject,
    Document,
)
from services.appeals.notices import writer as notices
from services.appeals.notices.writer import Notice, NoticeFacts, Notices
from services.appeals.report import AppealReport
from services.appeals.review import Review
from services.appeals.scope import (
    check_hand,
    check_review,
    is_in_scope,
    is_region_in_scope,
    lies_in,
    may_review,
    sees_matter,
)
from services.appeals.store import AppealStore, QueueSummary
from services.appeals.submission import AppealSubmission
from services.audit.audited_actions import AuditedActions
from services.audit.events import AuditKind
from services.auth import identity

MOST_PER_PAGE = 1000
DEFAULT_PER_PAGE = 100
_READ_AT_ONCE = 200
_TOLD_APART_AT_ONCE = 2000
"""Appeals whose officer alone is read, at a time."""
OF_NO_REGION = "none"
MOST_COUNTED = 2000
"""Appeals that are read to count those of some regions."""
MOST_ABOUT = 1000
"""Appeals about one subject that are listed."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Queue:
    """A page of appeals, and the counts of the queue."""

    appeals: list[Appeal]
    """Personal data masked."""
    next_start: int
    """For the next page; 0 at the end."""
    summary: QueueSummary


@dataclass(frozen=True, slots=True, kw_only=True)
class QueueFilter:
    """Selects appeals; an empty field matches all open ones."""

    state: AppealState | None = None
    late: bool = False
    """Only those whose deadline has passed."""
    officer: str = ""
    subject: AppealSubject | None = None
    """Only those about it, closed ones too."""
    region: str = ""
    """Only those that lie in it; `OF_NO_REGION`: only those of the whole province."""

    @property
    def closed(self) -> bool:
        """Whether only closed appeals match."""
        return self.state is not None and self.state not in OPEN

    def has(self, one: Appeal, now_ms: int) -> bool:
        """Return whether an appeal matches; the index has left out some of the others."""
        return (
            (self.state is None or one.state is self.state)
            and (not self.late or one.overdue(now_ms))
            and (not self.officer or one.officer == self.officer)
            and self._has_region(one)
        )

    def _has_region(self, one: Appeal) -> bool:
        if self.region == OF_NO_REGION:
            return not one.regions
        return not self.region or lies_in(one, self.region)


class Appeals:
    """All operations on appeals. The gRPC layer checks who may call them."""

    def __init__(
        self,
        *,
        store: AppealStore,
        opening: AppealSubmission,
        review: Review,
        room: AppealFileReader,
        documents: DocumentFolder,
        notices: Notices,
        trail: AuditedActions,
        now_ms: Callable[[], int],
    ) -> None:
        self.opening = opening
        self.review = review
        self.now_ms = now_ms
        self._store = store
        self._room = room
        self._documents = documents
        self._notices = notices
        self._trail = trail

    async def queue(self, wanted: QueueFilter, start: int, count: int) -> Queue:
        """Return a page of appeals: the open ones by deadline, or those that are *wanted*."""
        if not 0 <= count <= MOST_PER_PAGE:
            raise InvalidInput(
                "page_size: 1 to {most_per_page}, not {count}",
                most_per_page=MOST_PER_PAGE,
                count=count,
            )
        count = count or DEFAULT_PER_PAGE
        if wanted.closed and wanted.late:
            raise InvalidInput("overdue_only: a closed appeal cannot be overdue")
        now, found, at, more = self.now_ms(), list[Appeal](), start, True
        at_once = _TOLD_APART_AT_ONCE if wanted.officer else min(_READ_AT_ONCE, 2 * count)
        while more and len(found) < count:
            some = await self._some(wanted, at, at_once)
            more = len(some) == at_once
            for one in some:
                at += 1
                if one is None:
                    continue
                if wanted.late and not wanted.subject and not one.overdue(now):
                    more = False  # by deadline: none that follows is overdue
                    break
                if wanted.has(one, now) and may_review(one):
                    found.append(one)
                    if len(found) == count:
                        more = True
                        break
        return Queue(
            appeals=[masking.appeal(one) for one in found],
            next_start=at if more else 0,
            summary=await self._summary(now),
        )

    async def _summary(self, now_ms: int) -> QueueSummary:
        """Count the queue; for people with regions, their part of its first `MOST_COUNTED`."""
        if not identity.current().regions:
            return await self._store.queue_summary(now_ms)
        mine = list(filter(may_review, await self._store.page("due", 0, MOST_COUNTED)))
        lifting = await self._store.page("lifting", 0, MOST_COUNTED)
        return QueueSummary(
            open=len(mine),
            due_soon=sum(one.due_soon(now_ms) for one in mine),
            overdue=sum(one.overdue(now_ms) for one in mine),
            lifting=sum(map(may_review, lifting)),
        )

    async def _some(self, wanted: QueueFilter, start: int, count: int) -> Sequence[Appeal | None]:
        if wanted.subject is not None:
            return (await self._store.about(wanted.subject, MOST_ABOUT))[start : start + count]
        which = "closed" if wanted.closed else "due"
        return await self._store.places(
            which, start, count, newest_first=wanted.closed, officer=wanted.officer
        )

    async def get(self, appeal_id: int) -> tuple[Appeal, AppealFile | None, bool]:
        """Return an appeal, the evidence, and whether personal data are masked in both.

        A submitter who is no reviewer gets no evidence, which concerns other people.
        """
        appeal = await self._store.get(appeal_id)
        check_hand(appeal)
        if not may_review(appeal):
            return masking.appeal(appeal), None, True
        found = await self._room.gather(appeal)
        if masking.sees_personal_data():
            return appeal, found, False
        return masking.appeal(appeal), appeal_file.masked(found), True

    async def document(self, appeal_id: int, digest: str) -> tuple[Document, bytes]:
        """Return a document, to those who may see personal data."""
        if not masking.sees_personal_data():
            raise NotAllowed("documents are for appeals officers")
        appeal = await self._store.get(appeal_id)
        check_review(appeal)
        document = next((one for one in appeal.documents if one.sha256 == digest), None)
        if document is None:
            raise NotFound("sha256: appeal {appeal_id} has no such document", appeal_id=appeal_id)
        content = await self._trail.around(
            AuditKind.EXPORTED,
            appeal_id,
            identity.author("", "by"),
            {"document": digest},
            asyncio.to_thread(self._documents.content, appeal_id, digest),
        )
        return document, content

    async def draft(
        self, appeal_id: int, outcome: AppealState, language: str, terms: AppealOutcome
    ) -> Notice:
        """Write the notice of an open appeal as if it were decided so; records nothing."""
        if not masking.sees_personal_data():
            raise NotAllowed("draft: is for appeals officers")
        if outcome not in DECIDED:
            raise InvalidInput("outcome: upheld or rejected")
        appeal = await self._store.get(appeal_id)
        check_review(appeal)
        if not appeal.is_open:
            raise InvalidInput(
                "appeal {appeal_id} is {state} already", appeal_id=appeal_id, state=appeal.state
            )
        decided = replace(appeal, state=outcome, outcome=terms, closed_at_ms=self.now_ms())
        return self._written(outcome.value, language, decided)

    async def notice(
        self, appeal_id: int, kind: str, language: str, *, delivered: bool = False, by: str = ""
    ) -> Notice:
        """Write a notice about an appeal; *delivered* records that it was handed over."""
        appeal = await self._store.get(appeal_id)
        check_hand(appeal)
        now = self.now_ms()
        written = self._written(notices.kind_of(appeal, kind, now), language, appeal)
        if delivered:
            event = AppealEvent(
                at_ms=now,
                by=identity.author(by, "by"),
                what=AppealEventKind.NOTIFIED,
                note=f"{written.template} {language}",
            )
            await self._store.move(appeal_id, event, allowed=set(AppealState))
        return written

    def receipt(self, appeal: Appeal, language: str) -> Notice:
        """Write the receipt for an appellant."""
        return self._written("receipt", language, appeal)

    async def restriction(self, decision_id: int, pattern: str, language: str) -> Notice:
        """Write the notice for a blocked party who has not appealed."""
        now = self.now_ms()
        matter = await self.opening.matter(decision_id, pattern, 0)
        entries = list(map(entry_snapshots.read, matter.entries))
        if not sees_matter(entries, matter.decision):
            raise NotFound("pattern: nothing on the lists of your regions blocks it")
        entry = entries[0] if entries else None
        since = int(matter.decision.get("decided_at_ms", 0))
        if not since and entry is not None:
            since = int(entry.created_at.timestamp()) * 1000
        case = NoticeFacts(
            reference=f"D{decision_id}" if decision_id else f"E{entry.entry_id if entry else ''}",
            subject=_shown(matter.subject),
            entry=entry,
            decision=matter.decision,
            since_ms=since,
        )
        return self._notices.write("restriction", language, case, now)

    async def report(self, since_ms: int, until_ms: int) -> AppealReport:
        """Count the appeals received in a time."""
        now = self.now_ms()
        until = until_ms or now + 1
        if since_ms < 0 or until < since_ms:
            raise InvalidInput("since_ms, until_ms: since_ms must be before until_ms")
        received = await self._store.received_between(since_ms, until)
        found = report.of(list(filter(is_in_scope, received)), now)
        mine = {code: one for code, one in found.by_region.items() if is_region_in_scope(code)}
        return replace(found, by_region=mine)

    def _written(self, kind: str, language: str, appeal: Appeal) -> Notice:
        case = notices.case_of(appeal)
        case = replace(case, subject=_shown(case.subject))
        return self._notices.write(kind, language, case, self.now_ms())


def _shown(subject: AppealSubject) -> AppealSubject:
    # A carrier may request notices by decision id, and must not learn numbers from them.
    return subject if masking.sees_personal_data() else masking.subject(subject)
