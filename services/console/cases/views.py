"""The Cases page: a board by tier, lists, and one case with its timeline, one person at a time."""

import asyncio

from starlette.responses import Response

from fanzha.errors import InvalidInput
from fanzha.translation.catalogue import gettext_noop
from fanzha.translation.message import Message
from fanzha.v1 import case_pb2 as pb
from infra.clock import now_ms
from services.console.backend.faults import BackendFault
from services.console.cases import case_file, choices, forms
from services.console.web.form_numbers import whole_number
from services.console.web.page_request import PageRequest
from services.console.web.pages import ConsolePage, KeyHelp, PageRoute

_ASSIGN = ("CaseService/AssignCases",)
_WORK = ("CaseService/ClaimCase", "CaseService/NoteCase")


async def board(visit: PageRequest) -> Response:
    """Show the tiers side by side, the most urgent cases first."""
    region = visit.query.get("region", "")[:20]
    answer = await visit.calls.unary(
        "CaseService/GetCaseBoard", pb.GetCaseBoardRequest(region=region, cases_per_tier=20)
    )
    tiers = [one for one in answer.tiers if one.tier or one.open]
    return await visit.show(
        "cases/board.html", tiers=tiers, region=region, **choices.for_templates(visit.formats)
    )


async def listing(visit: PageRequest) -> Response:
    """Show cases that match a filter, a page of them."""
    return await _list(visit)


async def next_case(visit: PageRequest) -> Response:
    """Open the most urgent case that nobody has open."""
    request = pb.ClaimNextCaseRequest(region=visit.field("region"), by=visit.session.by)
    try:
        answer = await visit.calls.unary("CaseService/ClaimNextCase", request)
    except BackendFault as fault:
        if fault.status != "NOT_FOUND":
            raise
        text = Message("No case waits that is free.")
        return await visit.redirect("/cases", message=text, region=visit.field("region"))
    return await visit.redirect(f"/cases/{answer.found.case_id}")


async def assign_many(visit: PageRequest) -> Response:
    """Assign the cases that are ticked."""
    case_ids = [str(one) for one in visit.form.getlist("case_id")]
    if not case_ids:
        return await _list(visit, fault=Message("Tick the cases to assign first."))
    request = pb.AssignCasesRequest(
        case_ids=case_ids,
        region=visit.field("to_region"),
        officer=visit.field("officer"),
        reason=visit.field("reason"),
        by=visit.session.by,
    )
    try:
        answer = await visit.calls.unary("CaseService/AssignCases", request)
    except BackendFault as fault:
        if not fault.is_input:
            raise
        return await _list(visit, fault=fault.message, ticked=case_ids)
    refused = [one for one in answer.assignments if one.refused]
    done = len(answer.assignments) - len(refused)
    text = Message("{done} assigned, {refused} refused", done=done, refused=len(refused))
    if not refused:
        return await visit.redirect("/cases/list", message=text, **_filter(visit))
    return await _list(visit, refused=refused, fault=text)


async def _list(visit: PageRequest, **more: object) -> Response:
    request = forms.listed(visit)
    answer = await visit.calls.unary("CaseService/ListCases", request)
    return await visit.show(
        "cases/list.html",
        status=400 if more.get("fault") else 200,
        cases=answer.cases,
        more=answer.next_page_token,
        cut_short=answer.cut_short,
        query=_filter(visit),
        request_of=request,
        **choices.for_templates(visit.formats),
        **{"fault": "", "refused": (), "ticked": (), "typed": forms.typed(visit), **more},
    )


def _filter(visit: PageRequest) -> dict[str, str]:
    names = ("region", "tier", "state", "fraud", "mine", "overdue")
    return {name: visit.query.get(name, "") for name in names if visit.query.get(name)}


async def show(visit: PageRequest) -> Response:
    """Show one case, and open it for the reader where nobody else has it open."""
    case_id = visit.path("case_id")
    claim = await _claim(visit, case_id) if _may_claim(visit) else None
    return await case_file.show(visit, case_id, claim)


def _may_claim(visit: PageRequest) -> bool:
    # A link on another site must not open cases in the reader's name.
    here = visit.http.headers.get("sec-fetch-site", "same-origin") in {"same-origin", "none"}
    return here and visit.may(*_WORK)


async def _claim(
    visit: PageRequest, case_id: str, *, take_over: bool = False
) -> pb.ClaimCaseResponse:
    request = pb.ClaimCaseRequest(case_id=case_id, take_over=take_over, by=visit.session.by)
    answer: pb.ClaimCaseResponse = await visit.calls.unary("CaseService/ClaimCase", request)
    return answer


async def renew(visit: PageRequest) -> Response:
    """Renew the claim while the case is on a screen; answer with who has it.

    A page that waited for another person is loaded again once the case is free.
    """
    case_id = visit.path("case_id")
    claim = await _claim(visit, case_id)
    answer = await visit.show("cases/claim.html", claim=claim, case_id=case_id)
    if claim.claimed and visit.query.get("waits"):
        answer.headers["hx-refresh"] = "true"
    return answer


async def take_over(visit: PageRequest) -> Response:
    """End the claim of another person."""
    case_id = visit.path("case_id")
    await _claim(visit, case_id, take_over=True)
    return await visit.redirect(f"/cases/{case_id}", message=Message("You have the case open now."))


async def release(visit: PageRequest) -> Response:
    """Leave a case to others."""
    request = pb.ReleaseCaseRequest(case_id=visit.path("case_id"), by=visit.session.by)
    await visit.calls.unary("CaseService/ReleaseCase", request)
    return await visit.redirect("/cases", message=Message("Others can open the case now."))


async def unmask(visit: PageRequest) -> Response:
    """Show whole numbers once, for a recorded reason."""
    case_id = visit.path("case_id")
    request = pb.UnmaskCaseRequest(case_id=case_id, reason=visit.field("why"), by=visit.session.by)
    try:
        answer = await visit.calls.unary("CaseService/UnmaskCase", request)
    except BackendFault as fault:
        return await case_file.wrong(visit, case_id, fault, form="unmask")
    return await case_file.show(visit, case_id, None, whole=answer.found)


async def take(visit: PageRequest) -> Response:
    """Take a case as its officer, also from another one."""
    case_id, over = visit.path("case_id"), visit.field("take_over") == "1"
    request = pb.TakeCaseRequest(case_id=case_id, take_over=over, by=visit.session.by)
    return await _change(visit, "TakeCase", request, Message("The case is yours."), "take")


async def assign(visit: PageRequest) -> Response:
    """Give the case to a region, an officer, or both."""
    request = pb.AssignCaseRequest(
        case_id=visit.path("case_id"),
        region=visit.field("region"),
        officer=visit.field("officer"),
        reason=visit.field("assign_why"),
        by=visit.session.by,
    )
    done = Message("The case is assigned.")
    try:
        return await _change(visit, "AssignCase", request, done, "assign")
    except BackendFault as fault:
        # Beyond the reader's regions it is nothing that exists.
        if fault.status != "NOT_FOUND":
            raise
        return await visit.redirect("/cases", message=done)


async def note(visit: PageRequest) -> Response:
    """Write down a note, evidence, or that the person could not be reached."""
    request = forms.note(visit, visit.path("case_id"), now_ms())
    return await _change(visit, "NoteCase", request, Message("Noted."), "note")


async def skip(visit: PageRequest) -> Response:
    """Pass the case over, and leave it to others."""
    case_id = visit.path("case_id")
    request = pb.SkipCaseRequest(
        case_id=case_id, reason=visit.field("skip_why"), by=visit.session.by
    )
    done = Message("You passed the case over.")
    return await _change(visit, "SkipCase", request, done, "skip", to="/cases")


async def close(visit: PageRequest) -> Response:
    """Close the case with its outcome."""
    case_id = visit.path("case_id")
    try:
        request = forms.closing(visit, case_id)
    except InvalidInput as error:
        fault = BackendFault("INVALID_ARGUMENT", error.translated(visit.language))
        return await case_file.wrong(visit, case_id, fault, form="close", field="lost")
    response = await _change(visit, "CloseCase", request, Message("The case is closed."), "close")
    await asyncio.gather(_leave(visit, case_id), return_exceptions=True)
    return response


async def safe(visit: PageRequest) -> Response:
    """Close the case as safe, with one key."""
    request = pb.CloseCaseRequest(
        case_id=visit.path("case_id"),
        outcome=pb.CASE_OUTCOME_SAFE,
        revision=whole_number(visit.field("safe_at")),
        by=visit.session.by,
    )
    response = await _change(visit, "CloseCase", request, Message("The case is closed."), "close")
    await asyncio.gather(_leave(visit, visit.path("case_id")), return_exceptions=True)
    return response


async def not_reached(visit: PageRequest) -> Response:
    """Write down that the person could not be reached, with one key: the next step is taken."""
    request = pb.NoteCaseRequest(case_id=visit.path("case_id"), unreached=True, by=visit.session.by)
    return await _change(visit, "NoteCase", request, Message("Noted."), "note")


async def stop_payment(visit: PageRequest) -> Response:
    """Hand a person who has paid to the stop-payment desk."""
    request = pb.RequestStopPaymentRequest(
        case_id=visit.path("case_id"), said=visit.field("said"), by=visit.session.by
    )
    done = Message("It goes to the stop-payment desk.")
    return await _change(visit, "RequestStopPayment", request, done, "stop_payment")


async def receipt(visit: PageRequest) -> Response:
    """Record the receipt of the stop-payment desk."""
    request = pb.RecordStopPaymentReceiptRequest(
        case_id=visit.path("case_id"), receipt=visit.field("receipt"), by=visit.session.by
    )
    done = Message("The receipt is recorded.")
    return await _change(visit, "RecordStopPaymentReceipt", request, done, "receipt")


async def _leave(visit: PageRequest, case_id: str) -> None:
    request = pb.ReleaseCaseRequest(case_id=case_id, by=visit.session.by)
    await visit.calls.unary("CaseService/ReleaseCase", request)


async def _change(
    visit: PageRequest, method: str, request: object, done: str, form: str, *, to: str = ""
) -> Response:
    case_id = visit.path("case_id")
    try:
        await visit.calls.unary(f"CaseService/{method}", request)
    except BackendFault as fault:
        return await case_file.wrong(visit, case_id, fault, form=form)
    return await visit.redirect(to or f"/cases/{case_id}", message=done)


def _post(path: str, view: object, *methods: str) -> PageRoute:
    needs = tuple(f"CaseService/{one}" for one in methods)
    return PageRoute(path=path, view=view, method="POST", needs=needs)  # type: ignore[arg-type]


PAGE = ConsolePage(
    name="cases",
    title=gettext_noop("Cases"),
    key="w",
    needs=("CaseService/ListCases", "CaseService/GetCaseBoard"),
    routes=(
        PageRoute(path="", view=board),
        PageRoute(path="/list", view=listing),
        _post("/next", next_case, "ClaimNextCase"),
        _post("/assign", assign_many, "AssignCases"),
        PageRoute(path="/{case_id}", view=show, needs=("CaseService/GetCase",)),
        _post("/{case_id}/claim", renew, "ClaimCase"),
        _post("/{case_id}/take-over", take_over, "ClaimCase"),
        _post("/{case_id}/release", release, "ReleaseCase"),
        _post("/{case_id}/unmask", unmask, "UnmaskCase"),
        _post("/{case_id}/take", take, "TakeCase"),
        _post("/{case_id}/assign", assign, "AssignCase"),
        _post("/{case_id}/note", note, "NoteCase"),
        _post("/{case_id}/skip", skip, "SkipCase"),
        _post("/{case_id}/close", close, "CloseCase"),
        _post("/{case_id}/safe", safe, "CloseCase"),
        _post("/{case_id}/not-reached", not_reached, "NoteCase"),
        _post("/{case_id}/stop-payment", stop_payment, "RequestStopPayment"),
        _post("/{case_id}/receipt", receipt, "RecordStopPaymentReceipt"),
    ),
    keys=(
        KeyHelp(key="o", does=gettext_noop("Open the next free case")),
        KeyHelp(key="t", does=gettext_noop("Take the case")),
        KeyHelp(key="m", does=gettext_noop("Write a note")),
        KeyHelp(key="u", does=gettext_noop("Show whole numbers")),
        KeyHelp(key="e", does=gettext_noop("Close the case with an outcome")),
        KeyHelp(key="x", does=gettext_noop("Pass the case over")),
        KeyHelp(key="1", does=gettext_noop("Close the case: safe")),
        KeyHelp(key="2", does=gettext_noop("Could not be reached: next step")),
        KeyHelp(key="3", does=gettext_noop("Has paid: to the stop-payment desk")),
    ),
)
