"""Serves BlocklistService: converts messages, calls list administration, converts back."""

import asyncio
from collections.abc import AsyncIterator, Callable
from typing import Any

from blocklists.queries import EntryFilter
from fanzha.errors import InvalidInput, NotFound
from fanzha.translation.negotiation import for_caller
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import blocklist_pb2_grpc as pb_grpc
from services.audit.events import Audit, NoAudit
from services.auth import identity
from services.changes.report import ChangeTerms, Reference
from services.lists import audit_records
from services.lists.findings import FindingRecorder
from services.lists.lifecycle import name_of, names_of
from services.lists.service import ImportUpload, ListService
from services.rpc.lists import import_messages, lifecycle_messages, messages, search_messages
from services.warning.outcomes.entry_outcomes import EntryOutcomeStore

MOST_CHANGES = 10_000
"""Most rows of one UpdateEntries; larger ones use ImportEntries."""

# Our enums have the numbers of the wire; generated stubs require their own enum types.
_wire: Callable[[int], Any] = int


class BlocklistServicer(pb_grpc.BlocklistServiceServicer):
    """Serves the lists. Errors become statuses in the error interceptor."""

    def __init__(
        self,
        administration: ListService,
        audit: Audit | None = None,
        outcomes: EntryOutcomeStore | None = None,
        *,
        findings: FindingRecorder | None = None,
    ) -> None:
        """Serve *administration*; *outcomes* counts the outcomes of cases by entry.

        *findings* are the unsettled findings about the lists.
        """
        self._findings = findings
        self._outcomes = outcomes
        self._administration = administration
        self._bulk = administration.bulk
        self._audit = audit or NoAudit()

    async def UpdateEntries(
        self, request: pb.UpdateEntriesRequest, context: object
    ) -> pb.UpdateEntriesResponse:
        changes = len(request.additions) + len(request.removals)
        if not 1 <= changes <= MOST_CHANGES:
            raise InvalidInput(
                "additions and removals: 1 to {most_changes} in one request, not {changes}; "
                "ImportEntries takes more",
                most_changes=MOST_CHANGES,
                changes=changes,
            )
        removals = [_reference(one) for one in request.removals]
        terms = ChangeTerms(
            author=identity.author(request.author),
            reason=request.reason,
            expected_version=_version(request),
            confirmed_risks=tuple(request.confirmed_risks),
            may_replace=request.replace or request.HasField("expected_version"),
            false_positive=request.false_positive,
        )
        additions = messages.proposed(list(request.additions))
        done = await self._administration.update(additions, removals, terms)
        await audit_records.refused_rows(self._audit, done.additions, terms)
        return pb.UpdateEntriesResponse(
            version=done.version,
            additions=map(messages.report, done.additions),
            removals=map(messages.report, done.removals),
            **messages.requested(done.requested),
        )

    async def ImportEntries(
        self, request_iterator: AsyncIterator[pb.ImportEntriesRequest], context: object
    ) -> pb.ImportEntriesResponse:
        importing: ImportUpload | None = None
        async for request in request_iterator:
            if request.WhichOneof("part") == "header":
                if importing is not None:
                    raise InvalidInput("header: comes once")
                importing = self._begin(request.header)
            elif importing is None:
                raise InvalidInput("header: must come first")
            else:
                # The next message arrives meanwhile; rows become columns before it is read.
                await asyncio.to_thread(_fold, importing, request.rows)
        if importing is None:
            raise InvalidInput("header: required")
        done = await importing.finish()
        await audit_records.refused_import(self._audit, done, importing.terms)
        return import_messages.response(done)

    async def FindEntries(
        self, request: pb.FindEntriesRequest, context: object
    ) -> pb.FindEntriesResponse:
        found = await self._administration.views.find(request.query)
        life = self._administration.life
        hits = await life.hits_of([name_of(entry) for entry in found.entries])
        entries = [messages.entry(entry, hits) for entry in found.entries]
        if self._outcomes is not None:
            for entry in entries:
                tally = (await self._outcomes.get(entry.entry_id)).tally
                if tally.outcomes:
                    entry.cases.CopyFrom(messages.cases(tally))
        return pb.FindEntriesResponse(
            entries=entries,
            version=found.version,
            protected_because=for_caller(found.protected_because),
        )

    async def ListEntries(
        self, request: pb.ListEntriesRequest, context: object
    ) -> pb.ListEntriesResponse:
        if request.HasField("criteria") or request.order or request.may_lag:
            return await self._search(request)
        page = await self._administration.views.page(
            _filter(request), request.page_size, request.page_token
        )
        names = [name for table in page.tables for name in names_of(table)]
        hits = await self._administration.life.hits_of(names)
        return pb.ListEntriesResponse(
            entries=messages.entries(page.tables, hits),
            next_page_token=page.next_token,
            total=page.total,
            version=page.version,
            matching=page.matching,
            newest_version=page.version,
        )

    async def _search(self, request: pb.ListEntriesRequest) -> pb.ListEntriesResponse:
        page = await self._administration.search.page(
            search_messages.criteria_of(request),
            search_messages.order(request.order),
            size=request.page_size,
            token=request.page_token,
            may_lag=request.may_lag,
        )
        names = [name for table in page.tables for name in names_of(table)]
        hits = await self._administration.life.hits_of(names)
        return pb.ListEntriesResponse(
            entries=messages.entries(page.tables, hits),
            next_page_token=page.next_token,
            total=page.total,
            version=page.version,
            matching=page.matching,
            newest_version=page.newest_version,
        )

    async def CountEntries(
        self, request: pb.CountEntriesRequest, context: object
    ) -> pb.CountEntriesResponse:
        found = await self._administration.search.count(
            search_messages.criteria(request.criteria), may_lag=request.may_lag
        )
        return search_messages.counts(found)

    async def ChangeMatching(
        self, request: pb.ChangeMatchingRequest, context: object
    ) -> pb.ChangeMatchingResponse:
        done = await self._bulk.change(search_messages.bulk_change(request))
        return search_messages.bulk_done(done)

    async def GetEntryHistory(
        self, request: pb.GetEntryHistoryRequest, context: object
    ) -> pb.GetEntryHistoryResponse:
        found = await self._administration.history_of(
            _reference(request.entry), size=request.page_size, token=request.page_token
        )
        return search_messages.history(found)

    async def ExportEntries(
        self, request: pb.ExportEntriesRequest, context: object
    ) -> AsyncIterator[pb.ExportEntriesResponse]:
        entry_filter = _filter(request)
        version, parts = await self._administration.views.export(entry_filter)
        await audit_records.exported(self._audit, version, entry_filter)
        while (tables := await asyncio.to_thread(next, parts, None)) is not None:
            entries = await asyncio.to_thread(messages.entries, tables)
            yield pb.ExportEntriesResponse(entries=entries, version=version)

    async def GetStatus(
        self, request: pb.GetStatusRequest, context: object
    ) -> pb.GetStatusResponse:
        status = await self._administration.status()
        return pb.GetStatusResponse(
            version=status.head.version,
            committed_at_ms=status.head.committed_at_ms,
            counts=[
                pb.EntryCount(
                    kind=_wire(kind), action=_wire(action), mode=_wire(mode), entries=entries
                )
                for (kind, action, mode), entries in sorted(status.counts.items())
            ],
            workers=[
                pb.WorkerStatus(
                    worker=report.worker,
                    list_version=report.list_version,
                    applied_at_ms=report.applied_at_ms,
                    reported_at_ms=report.reported_at_ms,
                )
                for report in status.workers
            ],
            unconfirmed_emergencies=status.emergencies,
            changes_pending=status.pending_changes,
            findings=messages.findings(self._findings.current if self._findings else ()),
            strays=await self._findings.strays() if self._findings else 0,
        )

    async def SettleFindings(
        self, request: pb.SettleFindingsRequest, context: object
    ) -> pb.SettleFindingsResponse:
        if self._findings is None:
            raise NotFound("version: the lists have no unsettled finding")
        author = identity.author(request.author)
        await self._findings.settle(request.version, request.reason, author)
        return pb.SettleFindingsResponse()

    async def ListDue(self, request: pb.ListDueRequest, context: object) -> pb.ListDueResponse:
        _filter_source(request.source)
        page = await self._administration.life.due(
            request.within_s, request.source, request.page_size, request.page_token
        )
        return lifecycle_messages.due(page)

    async def ListDead(self, request: pb.ListDeadRequest, context: object) -> pb.ListDeadResponse:
        _filter_source(request.source)
        page = await self._administration.life.dead(
            request.days, request.source, request.page_size, request.page_token
        )
        return lifecycle_messages.dead(page)

    async def ResolveShadows(
        self, request: pb.ResolveShadowsRequest, context: object
    ) -> pb.ResolveShadowsResponse:
        if not 1 <= len(request.entries) <= MOST_CHANGES:
            raise InvalidInput(
                "entries: 1 to {most_changes}, not {entries}",
                most_changes=MOST_CHANGES,
                entries=len(request.entries),
            )
        terms = ChangeTerms(
            author=identity.author(request.author),
            reason=request.reason,
            expected_version=_version(request),
            confirmed_risks=tuple(request.confirmed_risks),
        )
        done = await self._administration.resolve_shadows(
            [_reference(one) for one in request.entries], terms, drop=request.drop
        )
        await audit_records.refused_rows(self._audit, done.additions, terms)
        return pb.ResolveShadowsResponse(
            version=done.version,
            entries=map(messages.report, done.additions),
            **messages.requested(done.requested),
        )

    async def ProposeRetirement(
        self, request: pb.ProposeRetirementRequest, context: object
    ) -> pb.ProposeRetirementResponse:
        if not 1 <= len(request.entries) <= MOST_CHANGES:
            raise InvalidInput(
                "entries: 1 to {most_changes}, not {entries}",
                most_changes=MOST_CHANGES,
                entries=len(request.entries),
            )
        terms = ChangeTerms(
            author=identity.author(request.author),
            reason=request.reason,
            expected_version=_version(request),
        )
        done = await self._administration.propose_retirement(
            [_reference(one) for one in request.entries], terms, days=request.days
        )
        return pb.ProposeRetirementResponse(
            version=done.version,
            entries=map(messages.report, done.removals),
            **messages.requested(done.requested),
        )

    async def ListCritical(
        self, request: pb.ListCriticalRequest, context: object
    ) -> pb.ListCriticalResponse:
        found = self._administration.critical(request.pattern, request.category)
        return messages.critical(found)

    def _begin(self, header: pb.ImportHeader) -> ImportUpload:
        terms = ChangeTerms(
            author=identity.author(header.author),
            reason=header.reason,
            expected_version=_version(header),
            dry_run=header.dry_run,
            confirmed_risks=tuple(header.confirmed_risks),
            may_replace=header.replace or header.HasField("expected_version"),
        )
        return self._administration.begin_import(
            lambda ours: messages.defaults(header.defaults, ours),
            terms,
            import_messages.row_limits(header),
        )


def _fold(importing: ImportUpload, rows: pb.ImportRows) -> None:
    for lines, proposed in messages.proposed_rows(rows):
        importing.fold(lines, proposed)


def _reference(message: pb.EntryRef) -> Reference:
    return Reference(kind=message.kind, pattern=message.pattern, action=message.action)


def _version(
    message: pb.UpdateEntriesRequest
    | pb.ImportHeader
    | pb.ResolveShadowsRequest
    | pb.ProposeRetirementRequest,
) -> int | None:
    return message.expected_version if message.HasField("expected_version") else None


def _filter(message: pb.ListEntriesRequest | pb.ExportEntriesRequest) -> EntryFilter:
    return messages.entry_filter(message.kind, message.action, message.source, message.mode)


def _filter_source(source: int) -> None:
    messages.entry_filter(0, 0, source)
