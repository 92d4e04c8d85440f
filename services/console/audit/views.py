"""The Audit page: who did what and when, whether the log is whole, and evidence to take out."""

import secrets
from collections.abc import AsyncIterator
from datetime import datetime, timedelta

from starlette.responses import Response, StreamingResponse

from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import audit_pb2 as pb
from infra.clock import now_ms
from services.console.audit import subject_links
from services.console.audit.kinds import KINDS
from services.console.backend.faults import BackendFault
from services.console.web.formats import CHINA
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

_PAGE = 50
_VERIFY_SECONDS = 3600.0
_EVIDENCE_SECONDS = 600.0
_FILTER = ("kind", "since", "until", "q")


async def records(visit: PageRequest) -> Response:
    """Show a page of records, newest first."""
    query = visit.query
    words = visit.remembered(query.get("q", ""))
    kind = query.get("kind", "")
    request = pb.ListRecordsRequest(
        kinds=[kind] if kind in KINDS else [],
        actor=str(words.get("actor", "")),
        subject=str(words.get("subject", "")),
        since_ms=_day_ms(query.get("since", "")),
        until_ms=_day_ms(query.get("until", ""), days=1),
        page_size=_PAGE,
        page_token=query.get("page", ""),
    )
    answer = await visit.calls.unary("AuditService/ListRecords", request)
    head = await visit.calls.unary("AuditService/GetHead", pb.GetHeadRequest())
    links = await subject_links.of(visit, answer.records)
    rows = [
        (one, links.get(one.subject, ""), sorted(one.details.items())) for one in answer.records
    ]
    return await visit.show(
        "audit/records.html",
        answer=answer,
        rows=rows,
        head=head,
        kinds=KINDS,
        words=words,
        query={name: query[name] for name in _FILTER if query.get(name)},
    )


def _day_ms(text: str, *, days: int = 0) -> int:
    """Return the beginning of a day in China, some *days* on; 0 for what is no day."""
    try:
        day = datetime.strptime(text, "%Y-%m-%d").replace(tzinfo=CHINA)
        return max(0, int((day + timedelta(days=days)).timestamp() * 1000))
    except (ValueError, OverflowError):
        return 0


async def search(visit: PageRequest) -> Response:
    """Keep names and subjects out of the address, and the rest of the filter in it."""
    words = {name: visit.field(name)[:200] for name in ("actor", "subject") if visit.field(name)}
    key = await visit.remember(words) if words else ""
    dates = {name: visit.field(name)[:10] for name in ("since", "until")}
    kind = visit.field("kind")
    return await visit.redirect("/audit", kind=kind if kind in KINDS else "", q=key, **dates)


async def begin_verification(visit: PageRequest) -> Response:
    """Let a verification begin once the page of its progress is open."""
    key = secrets.token_urlsafe(12)
    await visit.keep("verification", key)
    return await visit.redirect("/audit/verification", key=key)


async def verification(visit: PageRequest) -> Response:
    """Show the progress of a verification, and then its result."""
    key = visit.query.get("key", "")
    begins = bool(key) and visit.kept("verification") == key
    return await visit.show("audit/verification.html", key=key if begins else "")


async def follow(visit: PageRequest) -> Response:
    """Verify the log, and tell how far it is. Each key of `begin_verification` does so once."""
    key = visit.query.get("key", "")
    begins = bool(key) and visit.kept("verification") == key
    if begins:
        await visit.keep("verification", "")
    return visit.events(_progress(visit) if begins else _nothing())


async def _progress(visit: PageRequest) -> AsyncIterator[tuple[str, str]]:
    request = pb.FollowVerificationRequest(author=visit.session.by)
    started = now_ms()
    stream = visit.calls.stream(
        "AuditService/FollowVerification", request, deadline_seconds=_VERIFY_SECONDS
    )
    async for told in stream:
        if told.HasField("result"):
            seconds = (now_ms() - started) / 1000
            yield "progress", ""
            yield "result", visit.part("audit/result.html", result=told.result, seconds=seconds)
        else:
            yield "progress", visit.part("audit/progress.html", told=told)


async def _nothing() -> AsyncIterator[tuple[str, str]]:
    for part in tuple[tuple[str, str], ...]():
        yield part


async def ask_evidence(visit: PageRequest) -> Response:
    """Show the form of an evidence package."""
    return await visit.show("audit/evidence.html", typed={}, fault="", errors={})


async def evidence(visit: PageRequest) -> Response:
    """Hand out the signed package about one number or host as a file."""
    request = pb.ExportEvidenceRequest(
        query=visit.field("query"), reason=visit.field("reason"), author=visit.session.by
    )
    pieces = visit.calls.stream(
        "AuditService/ExportEvidence", request, deadline_seconds=_EVIDENCE_SECONDS
    )
    try:
        # Once the first piece is there, nothing can be refused any more.
        first = await anext(pieces)
    except BackendFault as fault:
        if not fault.is_input and fault.status != "NOT_FOUND":
            raise
        return await _no_evidence(visit, fault)
    name = f"evidence-{datetime.now(CHINA):%Y%m%d-%H%M%S}.zip"
    return StreamingResponse(
        _bytes(first, pieces),
        media_type="application/zip",
        headers={
            "content-disposition": f'attachment; filename="{name}"',
            "content-length": str(first.total_bytes),
        },
    )


async def _bytes(
    first: pb.ExportEvidenceResponse, rest: AsyncIterator[pb.ExportEvidenceResponse]
) -> AsyncIterator[bytes]:
    yield first.data
    async for piece in rest:
        yield piece.data


async def _no_evidence(visit: PageRequest, fault: BackendFault) -> Response:
    text = fault.message
    if fault.status == "NOT_FOUND":
        text = Message("Nothing is on record about it. The question is recorded.")
    typed = {name: visit.field(name) for name in ("query", "reason")}
    field = "reason" if fault.message.startswith("reason") else "query"
    return await visit.show(
        "audit/evidence.html", status=400, typed=typed, fault=text, errors={field: text}
    )


PAGE = ConsolePage(
    name="audit",
    title=gettext_noop("Audit"),
    key="u",
    needs=("AuditService/ListRecords",),
    routes=(
        PageRoute(path="", view=records),
        PageRoute(path="/search", view=search, method="POST"),
        PageRoute(
            path="/verify",
            view=begin_verification,
            method="POST",
            needs=("AuditService/FollowVerification",),
        ),
        PageRoute(path="/verification", view=verification),
        PageRoute(
            path="/verification/events",
            view=follow,
            needs=("AuditService/FollowVerification",),
        ),
        PageRoute(path="/evidence", view=ask_evidence, needs=("AuditService/ExportEvidence",)),
        PageRoute(
            path="/evidence",
            view=evidence,
            method="POST",
            needs=("AuditService/ExportEvidence",),
        ),
    ),
    keys=(
        KeyHelp(key="v", does=gettext_noop("Verify the log")),
        KeyHelp(key="e", does=gettext_noop("Take evidence out")),
    ),
)
