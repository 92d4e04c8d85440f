"""Changes of all entries that pass the filter: the count first, then the change."""

from typing import Any

from starlette.responses import Response

from fanzha.translation.message import Message
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_state_pb2, decision_pb2
from services.console.backend.faults import BackendFault
from services.console.lists import entry_ref, entry_views, filters
from services.console.lists.entry_forms import FormFields
from services.console.web.form_numbers import MOST_INT64, whole_number
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

FIELDS = (
    *("what", "expires", "review", "mode", "fraud_type", "source", "legal_basis", "campaign"),
    *("region", "reason"),
)
WHATS = (
    *("expires", "review", "mode", "fraud_type", "source", "legal_basis", "campaign"),
    *("region", "remove"),
)


async def ask(visit: PageRequest) -> Response:
    """Show what could change in the entries of the filter."""
    values = dict.fromkeys(FIELDS, "") | {"what": "expires"}
    return await _show(visit, FormFields(values))


async def change(visit: PageRequest) -> Response:
    """Show what would change; once it is confirmed with its count, propose it."""
    form = FormFields.of(visit, FIELDS)
    request = _request(visit, form)
    if form.errors:
        return await _show(visit, form, status=400)
    expected = whole_number(visit.field("expected_rows"))
    version = whole_number(visit.field("version"), most=MOST_INT64)
    try:
        if expected is not None and version is not None:
            request.expected_rows, request.expected_version = expected, version
            answer = await visit.calls.unary(
                "BlocklistService/ChangeMatching", request, deadline_seconds=600
            )
            if not answer.change_id:
                return await _show(visit, form, wrong=Message("It is so already; nothing changed."))
            return await visit.redirect(f"/changes/{answer.change_id}", message=_done(answer))
        request.dry_run = True
        trial = await visit.calls.unary(
            "BlocklistService/ChangeMatching", request, deadline_seconds=600
        )
    except BackendFault as fault:
        if not (fault.is_input or fault.status == "PERMISSION_DENIED"):
            raise
        return await _show(visit, form, fault=fault, status=409 if fault.conflict else 400)
    return await _show(visit, form, trial=trial)


def _done(answer: pb.ChangeMatchingResponse) -> str:
    if answer.change_state == change_state_pb2.CHANGE_STATE_APPLIED:
        return Message("{changed:,} entries were changed.", changed=answer.changed)
    return Message(
        "{changed:,} entries wait for a second person; nothing changed yet.",
        changed=answer.changed,
    )


def _request(visit: PageRequest, form: FormFields) -> pb.ChangeMatchingRequest:
    what, now_s = form.values["what"], entry_views.now_s()
    if what not in WHATS:
        form.errors["what"] = Message("Required.")
    request = pb.ChangeMatchingRequest(
        criteria=filters.of(visit).criteria,
        author=visit.session.by,
        reason=form.required("reason"),
        remove=what == "remove",
        confirmed_risks=[str(one) for one in visit.form.getlist("confirm")],
        false_positive=what == "remove" and bool(visit.field("false_positive")),
    )
    if what in {"expires", "review"}:
        end_s = form.end_of_day_s(what, now_s)
        if not end_s and what not in form.errors:
            form.errors[what] = Message("Required.")
        setattr(request.edit, f"{what}_at_s", end_s)
    elif what in {"mode", "fraud_type", "source"}:
        if not form.number(what) and what != "fraud_type":
            form.errors[what] = Message("Required.")
        setattr(request.edit, what, form.number(what))
    elif what in {"legal_basis", "campaign", "region"}:
        setattr(request.edit, what, form.values[what])
    return request


async def _show(
    visit: PageRequest,
    form: FormFields,
    *,
    trial: pb.ChangeMatchingResponse | None = None,
    fault: BackendFault | None = None,
    wrong: str | None = None,
    status: int = 200,
) -> Response:
    chosen = filters.of(visit)
    counts: Any = await visit.calls.unary(
        "BlocklistService/CountEntries", pb.CountEntriesRequest(criteria=chosen.criteria)
    )
    return await visit.show(
        "lists/bulk.html",
        status=status,
        form=form,
        chosen=chosen,
        counts=counts,
        trial=trial,
        fault=fault,
        wrong=wrong,
        whats=WHATS,
        entry_path=await entry_ref.paths(visit),
        Kind=pb.EntryKind,
        Mode=pb.EntryMode,
        Condition=pb.EntryCondition,
        Action=decision_pb2.Action,
        Source=decision_pb2.Source,
        Fraud=decision_pb2.FraudType,
    )


_NEEDS = ("BlocklistService/CountEntries", "BlocklistService/ChangeMatching")

ROUTES = (
    PageRoute(path="/bulk", view=ask, needs=_NEEDS),
    PageRoute(path="/bulk", view=change, method="POST", needs=_NEEDS),
)
