"""The Appeals page: the queue by deadline, the file of an appeal, its decision and its lift."""

import asyncio
import re
from urllib.parse import quote

from starlette.responses import Response

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import appeal_pb2 as pb
from services.console.appeals import appeal_file, forms
from services.console.backend.faults import BackendFault
from services.console.web.form_numbers import MOST_INT64, enum_choice, whole_number
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

_PAGE = 50
_DECIDE_SECONDS = 45.0
"""A decision waits ten seconds for its lift."""
_LANGUAGES = (("zh", pb.LANGUAGE_ZH), ("en", pb.LANGUAGE_EN))
_FILTERS = ("state", "overdue", "mine", "q", "region")
_REGION = re.compile(r"[1-9][0-9](?:[0-9]{2}){0,2}")
_STATES = tuple(number for number in pb.AppealState.values() if number)


async def queue(visit: PageRequest) -> Response:
    """Show a page of appeals: open ones with the nearest deadline first."""
    query = visit.query
    state, key = query.get("state", ""), query.get("q", "")
    pattern = str(visit.remembered(key).get("pattern", ""))
    request = pb.ListAppealsRequest(
        state=enum_choice(state, _STATES),
        overdue_only=bool(query.get("overdue")),
        officer=visit.session.name if query.get("mine") else "",
        pattern=pattern,
        page_size=_PAGE,
        page_token=query.get("page", ""),
        region=_region(query.get("region", "")),
    )
    answer = await visit.calls.unary("AppealService/ListAppeals", request)
    kept = {name: query[name] for name in _FILTERS if query.get(name)}
    return await visit.show(
        "appeals/queue.html",
        answer=answer,
        query=kept,
        pattern=pattern,
        searched=bool(key),
        **appeal_file.names(),
    )


def _region(text: str) -> str:
    """Return the region of the filter, of which 0 is the whole province; others are ignored."""
    if text == "0":
        return "none"
    return text if _REGION.fullmatch(text) else ""


async def search(visit: PageRequest) -> Response:
    """Keep the number that is searched for out of the address."""
    pattern = visit.field("pattern")
    if not pattern:
        return await visit.redirect("/appeals")
    if pattern.isascii() and pattern.isdecimal() and len(pattern) < 6:  # noqa: PLR2004 - an id
        return await visit.redirect(f"/appeals/{int(pattern)}")
    return await visit.redirect("/appeals", q=await visit.remember({"pattern": pattern}))


async def ask(visit: PageRequest) -> Response:
    """Show the form of a new appeal."""
    typed = {"decision_id": visit.query.get("decision", "")[:20]}
    return await visit.show("appeals/new.html", typed=typed, fault="", errors={})


async def hand_in(visit: PageRequest) -> Response:
    """Open an appeal, and show the receipt for the appellant."""
    try:
        request = await forms.opening(visit)
        answer = await visit.calls.unary("AppealService/OpenAppeal", request)
    except InvalidInput as error:
        return await _not_opened(visit, error.translated(visit.language), 400)
    except BackendFault as fault:
        if not fault.is_input and fault.status != "NOT_FOUND":
            raise
        return await _not_opened(visit, fault.message, 400)
    return await visit.show(
        "appeals/receipt.html", answer=answer, appeal=answer.appeal, receipt=answer.receipt
    )


async def _not_opened(visit: PageRequest, fault: str, status: int) -> Response:
    name = fault.replace("：", ":").partition(":")[0]
    return await visit.show(
        "appeals/new.html",
        status=status,
        typed=forms.typed(visit),
        fault=fault,
        errors={name: fault} if name.replace("_", "").isalpha() else {},
    )


async def show(visit: PageRequest) -> Response:
    """Show one appeal with the evidence."""
    return await appeal_file.show(visit, _id(visit))


async def lift(visit: PageRequest) -> Response:
    """Answer with how far the lift is, while it is under way."""
    answer = await visit.calls.unary(
        "AppealService/GetAppeal", pb.GetAppealRequest(appeal_id=_id(visit))
    )
    return await visit.show("appeals/lift.html", appeal=answer.appeal, pb=pb)


async def take(visit: PageRequest) -> Response:
    """Take an appeal into review, also from another officer."""
    appeal_id = _id(visit)
    request = pb.TakeAppealRequest(appeal_id=appeal_id, by=visit.session.by)
    try:
        await visit.calls.unary("AppealService/TakeAppeal", request)
    except BackendFault as fault:
        return await appeal_file.wrong(visit, appeal_id, fault)
    return await visit.redirect(f"/appeals/{appeal_id}", message=Message("You review this appeal."))


async def decide(visit: PageRequest) -> Response:
    """Decide an appeal; upheld, the answer comes when the lift is in force, or ten seconds on."""
    appeal_id = _id(visit)
    try:
        request = forms.decision(visit, appeal_id)
        answer = await visit.calls.unary(
            "AppealService/DecideAppeal", request, deadline_seconds=_DECIDE_SECONDS
        )
    except InvalidInput as error:
        fault = BackendFault("INVALID_ARGUMENT", error.translated(visit.language))
        return await appeal_file.wrong(visit, appeal_id, fault)
    except BackendFault as fault:
        return await appeal_file.wrong(visit, appeal_id, fault)
    return await visit.redirect(f"/appeals/{appeal_id}", message=_decided(answer.appeal))


def _decided(one: pb.Appeal) -> str:
    if one.state == pb.APPEAL_STATE_REJECTED:
        return Message("The appeal is rejected: hand over the notice.")
    if one.lift.HasField("seconds"):
        return Message(
            "The appeal is upheld; lifted in {seconds:.2f} s on {workers} workers.",
            seconds=one.lift.seconds,
            workers=one.lift.workers,
        )
    return Message("The appeal is upheld; the lift is under way.")


async def preview(visit: PageRequest) -> Response:
    """Show the notices that a decision would make, in both languages; nothing is decided."""
    appeal_id = _id(visit)
    try:
        answers = await asyncio.gather(
            *(
                visit.calls.unary(
                    "AppealService/WriteNotice",
                    pb.WriteNoticeRequest(
                        appeal_id=appeal_id, language=number, draft=forms.draft(visit)
                    ),
                )
                for _, number in _LANGUAGES
            )
        )
    except BackendFault as fault:
        return await appeal_file.wrong(visit, appeal_id, fault)
    drafts = {name: one.text for (name, _), one in zip(_LANGUAGES, answers, strict=True)}
    return await appeal_file.show(visit, appeal_id, drafts=drafts)


async def notice(visit: PageRequest) -> Response:
    """Show the notice that is due, in both languages; record that one was handed over."""
    appeal_id = _id(visit)
    handed = visit.field("delivered")
    notices = {}
    try:
        for name, number in _LANGUAGES:
            request = pb.WriteNoticeRequest(
                appeal_id=appeal_id,
                language=number,
                delivered=handed == name,
                by=visit.session.by,
            )
            answer = await visit.calls.unary("AppealService/WriteNotice", request)
            notices[name] = answer.text
    except BackendFault as fault:
        return await appeal_file.wrong(visit, appeal_id, fault)
    if handed:
        text = Message("It is on record that the notice was handed over.")
        return await visit.redirect(f"/appeals/{appeal_id}", message=text)
    return await appeal_file.show(visit, appeal_id, notices=notices)


async def add_documents(visit: PageRequest) -> Response:
    """Add documents to an open appeal."""
    appeal_id = _id(visit)
    request = pb.AddDocumentsRequest(
        appeal_id=appeal_id, documents=await forms.documents(visit), by=visit.session.by
    )
    try:
        await visit.calls.unary("AppealService/AddDocuments", request)
    except BackendFault as fault:
        return await appeal_file.wrong(visit, appeal_id, fault)
    return await visit.redirect(f"/appeals/{appeal_id}", message=Message("Documents added."))


async def withdraw(visit: PageRequest) -> Response:
    """Close an appeal because the appellant no longer wants it."""
    appeal_id = _id(visit)
    request = pb.WithdrawAppealRequest(
        appeal_id=appeal_id, reason=visit.field("withdrawn_because"), by=visit.session.by
    )
    try:
        await visit.calls.unary("AppealService/WithdrawAppeal", request)
    except BackendFault as fault:
        return await appeal_file.wrong(visit, appeal_id, fault)
    return await visit.redirect(f"/appeals/{appeal_id}", message=Message("The appeal is closed."))


async def document(visit: PageRequest) -> Response:
    """Hand out a document as a file to save: what people sent is never shown as a page."""
    request = pb.GetDocumentRequest(appeal_id=_id(visit), sha256=visit.path("sha256"))
    answer = await visit.calls.unary("AppealService/GetDocument", request)
    name = quote(answer.document.name, safe="")
    return Response(
        answer.document.content,
        media_type="application/octet-stream",
        headers={"content-disposition": f"attachment; filename*=UTF-8''{name}"},
    )


def _id(visit: PageRequest) -> int:
    found = whole_number(visit.path("appeal_id"), most=MOST_INT64)
    if found is None:
        raise BackendFault("NOT_FOUND", visit.formats.gettext("There is no such appeal."))
    return found


def _post(path: str, view: object, method: str) -> PageRoute:
    needs = (f"AppealService/{method}",)
    return PageRoute(path=path, view=view, method="POST", needs=needs)  # type: ignore[arg-type]


PAGE = ConsolePage(
    name="appeals",
    title=gettext_noop("Appeals"),
    key="p",
    needs=("AppealService/ListAppeals",),
    routes=(
        PageRoute(path="", view=queue),
        PageRoute(path="/search", view=search, method="POST"),
        PageRoute(path="/new", view=ask, needs=("AppealService/OpenAppeal",)),
        _post("/new", hand_in, "OpenAppeal"),
        PageRoute(path="/{appeal_id}", view=show, needs=("AppealService/GetAppeal",)),
        PageRoute(path="/{appeal_id}/lift", view=lift, needs=("AppealService/GetAppeal",)),
        _post("/{appeal_id}/take", take, "TakeAppeal"),
        _post("/{appeal_id}/decide", decide, "DecideAppeal"),
        _post("/{appeal_id}/preview", preview, "DecideAppeal"),
        _post("/{appeal_id}/notice", notice, "WriteNotice"),
        _post("/{appeal_id}/documents", add_documents, "AddDocuments"),
        _post("/{appeal_id}/withdraw", withdraw, "WithdrawAppeal"),
        PageRoute(
            path="/{appeal_id}/documents/{sha256}",
            view=document,
            needs=("AppealService/GetDocument",),
        ),
    ),
    keys=(
        KeyHelp(key="t", does=gettext_noop("Take the appeal")),
        KeyHelp(key="d", does=gettext_noop("Decide the appeal")),
        KeyHelp(key="v", does=gettext_noop("Preview the notice")),
    ),
)
