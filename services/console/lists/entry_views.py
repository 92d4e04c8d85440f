"""The page of one entry: what it says, what it hit, its history; and forms that change it."""

import asyncio
import time
from typing import Any

from starlette.responses import Response

from fanzha.translation.message import Message
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import change_pb2, change_state_pb2, decision_log_pb2, decision_pb2
from services.console.backend.faults import BackendFault
from services.console.lists import entry_forms, entry_ref
from services.console.lists.entry_forms import ADD_FIELDS, EDIT_FIELDS, FormFields
from services.console.web.page_request import PageRequest
from services.console.web.pages import PageRoute

HISTORY_EVENTS = 30
_DECISIONS = 20
_DECISION_DAYS = 7
_DAY_MS = 86_400_000


def now_s() -> int:
    """Return the time in Unix seconds."""
    return int(time.time())


async def show(visit: PageRequest) -> Response:
    """Show one entry."""
    return await _show(visit, await entry_ref.of_path(visit), None)


async def ask_edit(visit: PageRequest) -> Response:
    """Show the form that edits an entry."""
    reference = await entry_ref.of_path(visit)
    entry = _there(await _found(visit, reference), reference)
    values = {
        "direction": str(int(entry.direction)),
        "fraud_type": str(int(entry.fraud_type)),
        "source": str(int(entry.source)),
        "entry_reason": entry.reason,
        "legal_basis": entry.legal_basis,
        "expires": entry_forms.day_of(entry.expires_at_s),
        "review": entry_forms.day_of(entry.review_at_s),
        "campaign": entry.campaign,
        "region": entry.region,
    }
    return await _show_form(visit, entry, FormFields(values))


async def edit(visit: PageRequest) -> Response:
    """Propose what the form says of an entry."""
    reference = await entry_ref.of_path(visit)
    found = await _found(visit, reference)
    entry = _there(found, reference)
    form = FormFields.of(visit, EDIT_FIELDS)
    reason = visit.field("reason")
    wanted, changed = entry_forms.edit_of(form, entry, now_s())
    if not reason:
        form.errors["reason"] = Message("Required.")
    if not changed and not form.errors:
        form.errors["reason"] = Message("Nothing is different from the entry as it is.")
    seen = visit.field("seen")
    if seen != _mark(entry):
        form.errors["reason"] = Message("The entry was changed since this form was opened.")
    if form.errors:
        return await _show_form(visit, entry, form, status=409 if seen != _mark(entry) else 400)
    request = change_pb2.CreateChangeRequest(
        contents=change_pb2.ChangeContents(edits=[wanted], reason=reason),
        author=visit.session.by,
        go_to=change_state_pb2.CHANGE_STATE_APPLIED,
        expected_version=found.version,
        confirmed_risks=_confirmed(visit),
    )
    try:
        answer = await visit.calls.unary("ChangeService/CreateChange", request)
    except BackendFault as fault:
        if not (fault.is_input or fault.status == "PERMISSION_DENIED"):
            raise
        return await _show_form(visit, entry, form, fault=fault)
    return await visit.redirect(f"/changes/{answer.change.id}", message=_done(answer.change.state))


async def remove(visit: PageRequest) -> Response:
    """Propose to remove an entry."""
    reference = await entry_ref.of_path(visit)
    reason = visit.field("reason")
    if not reason:
        return await _show(visit, reference, Message("Say why it is removed."), status=400)
    request = pb.UpdateEntriesRequest(
        removals=[reference],
        author=visit.session.by,
        reason=reason,
        false_positive=bool(visit.field("false_positive")),
    )
    return await _propose(visit, reference, "BlocklistService/UpdateEntries", request)


async def end(visit: PageRequest) -> Response:
    """Propose that an entry ends within a minute; it stays in the lists, and in its history."""
    reference = await entry_ref.of_path(visit)
    reason = visit.field("reason")
    if not reason:
        return await _show(visit, reference, Message("Say why it ends."), status=400)
    ends = change_pb2.EntryEdit(
        kind=reference.kind,
        pattern=reference.pattern,
        action=reference.action,
        expires_at_s=now_s() + 60,
    )
    request = change_pb2.CreateChangeRequest(
        contents=change_pb2.ChangeContents(edits=[ends], reason=reason),
        author=visit.session.by,
        go_to=change_state_pb2.CHANGE_STATE_APPLIED,
        confirmed_risks=_confirmed(visit),
    )
    return await _propose(visit, reference, "ChangeService/CreateChange", request)


async def set_mode(visit: PageRequest) -> Response:
    """Propose that a shadow entry enforces, or that a block becomes a shadow."""
    reference = await entry_ref.of_path(visit)
    entry = _there(await _found(visit, reference), reference)
    reason = visit.field("reason")
    if not reason:
        return await _show(visit, reference, Message("Say why its mode changes."), status=400)
    request = pb.UpdateEntriesRequest(
        author=visit.session.by, reason=reason, replace=True, confirmed_risks=_confirmed(visit)
    )
    changed = request.additions.add()
    changed.CopyFrom(entry)
    if entry.mode == pb.ENTRY_MODE_SHADOW:
        changed.mode = pb.ENTRY_MODE_ENFORCE
    else:
        changed.mode = pb.ENTRY_MODE_SHADOW
        # An enforcing entry becomes a shadow only where the same change removes it.
        request.removals.append(reference)
    return await _propose(visit, reference, "BlocklistService/UpdateEntries", request)


async def ask_add(visit: PageRequest) -> Response:
    """Show the form that adds entries."""
    values = dict.fromkeys(ADD_FIELDS, "") | {"action": str(int(decision_pb2.ACTION_BLOCK))}
    return await _show_add(visit, FormFields(values))


async def add(visit: PageRequest) -> Response:
    """Propose the entries of the form."""
    form = FormFields.of(visit, ADD_FIELDS)
    request = entry_forms.update_of(form, now_s(), visit.session.by)
    if form.errors:
        return await _show_add(visit, form, status=400)
    request.replace = bool(visit.field("replace"))
    request.confirmed_risks.extend(_confirmed(visit))
    try:
        answer = await visit.calls.unary("BlocklistService/UpdateEntries", request)
    except BackendFault as fault:
        if not (fault.is_input or fault.status == "PERMISSION_DENIED"):
            raise
        return await _show_add(visit, form, fault=fault, status=409 if fault.risks else 400)
    return await _show_add(visit, form, answer=answer)


async def _show(
    visit: PageRequest, reference: pb.EntryRef, wrong: str | None, *, status: int = 200
) -> Response:
    found, history = await asyncio.gather(_found(visit, reference), _history(visit, reference))
    entry = _same(found, reference)
    others = [one for one in found.entries if one is not entry]
    return await visit.show(
        "lists/entry.html",
        status=status if entry is not None or history.events else 404,
        entry=entry,
        reference=reference,
        found=found,
        others=others,
        history=history,
        decisions=await _decisions(visit, reference),
        entry_path=await entry_ref.paths(visit),
        own_path=visit.http.url.path,
        wrong=wrong,
        now_s=now_s(),
        pb=pb,
        **_enums(),
    )


async def _show_form(
    visit: PageRequest,
    entry: pb.Entry,
    form: FormFields,
    *,
    fault: BackendFault | None = None,
    status: int = 200,
) -> Response:
    return await visit.show(
        "lists/edit.html",
        status=status if fault is None else 409 if fault.conflict else 400,
        entry=entry,
        form=form,
        fault=fault,
        seen=_mark(entry),
        reason=visit.field("reason"),
        path=(await entry_ref.paths(visit))(entry),
        **_enums(),
    )


async def _show_add(
    visit: PageRequest,
    form: FormFields,
    *,
    answer: pb.UpdateEntriesResponse | None = None,
    fault: BackendFault | None = None,
    status: int = 200,
) -> Response:
    lines = [line.strip() for line in form.values["patterns"].splitlines() if line.strip()]
    return await visit.show(
        "lists/add.html",
        status=status,
        form=form,
        answer=answer,
        fault=fault,
        lines=lines,
        pb=pb,
        pending=change_state_pb2.CHANGE_STATE_PENDING,
        **_enums(),
    )


async def _propose(
    visit: PageRequest, reference: pb.EntryRef, method: str, request: Any
) -> Response:
    try:
        answer = await visit.calls.unary(method, request)
    except BackendFault as fault:
        if not (fault.is_input or fault.status == "PERMISSION_DENIED"):
            raise
        return await _show(visit, reference, fault.message, status=409)
    change_id = answer.change.id if hasattr(answer, "change") else answer.change_id
    state = answer.change.state if hasattr(answer, "change") else answer.change_state
    if not change_id:
        return await _show(visit, reference, Message("It is so already; nothing changed."))
    return await visit.redirect(f"/changes/{change_id}", message=_done(state))


async def _found(visit: PageRequest, reference: pb.EntryRef) -> pb.FindEntriesResponse:
    request = pb.FindEntriesRequest(query=reference.pattern)
    found: pb.FindEntriesResponse = await visit.calls.unary("BlocklistService/FindEntries", request)
    return found


async def _history(visit: PageRequest, reference: pb.EntryRef) -> pb.GetEntryHistoryResponse:
    request = pb.GetEntryHistoryRequest(
        entry=reference, page_size=HISTORY_EVENTS, page_token=visit.query.get("page", "")
    )
    found: pb.GetEntryHistoryResponse = await visit.calls.unary(
        "BlocklistService/GetEntryHistory", request
    )
    return found


async def _decisions(
    visit: PageRequest, reference: pb.EntryRef
) -> decision_log_pb2.FindDecisionsResponse | None:
    """Return the last logged decisions about the pattern, for whoever may read them."""
    name = {
        pb.ENTRY_KIND_NUMBER: "number",
        pb.ENTRY_KIND_RANGE: "number",
        pb.ENTRY_KIND_SENDER: "sender",
        pb.ENTRY_KIND_HOST: "host",
        pb.ENTRY_KIND_URL_PREFIX: "link",
    }.get(reference.kind)
    if name is None or not visit.may("DecisionLogService/FindDecisions"):
        return None
    since_ms = now_s() * 1000 - _DECISION_DAYS * _DAY_MS
    about: Any = {name: reference.pattern}
    request = decision_log_pb2.FindDecisionsRequest(
        since_ms=since_ms, page_size=_DECISIONS, uncounted=True, **about
    )
    try:
        found: decision_log_pb2.FindDecisionsResponse = await visit.calls.unary(
            "DecisionLogService/FindDecisions", request
        )
    except BackendFault:
        return None  # the log is off, or away: the rest of the page stands
    return found


def _same(found: pb.FindEntriesResponse, reference: pb.EntryRef) -> pb.Entry | None:
    return next(
        (
            one
            for one in found.entries
            if (one.kind, one.pattern, one.action)
            == (reference.kind, reference.pattern, reference.action)
        ),
        None,
    )


def _there(found: pb.FindEntriesResponse, reference: pb.EntryRef) -> pb.Entry:
    entry = _same(found, reference)
    if entry is None:
        raise BackendFault("NOT_FOUND", Message("There is no such entry any more."))
    return entry


def _mark(entry: pb.Entry) -> str:
    """Return what differs when somebody else has changed the entry."""
    one = pb.Entry()
    one.CopyFrom(entry)
    for name in ("hits", "last_hit_at_s", "cases"):
        one.ClearField(name)
    return one.SerializeToString(deterministic=True).hex()[-64:]


def _confirmed(visit: PageRequest) -> list[str]:
    return [str(one) for one in visit.form.getlist("confirm")]


def _done(state: int) -> str:
    if state == change_state_pb2.CHANGE_STATE_APPLIED:
        return Message("Done: the lists have it.")
    return Message("It waits for a second person; nothing changed yet.")


def _enums() -> dict[str, Any]:
    return {
        "Kind": pb.EntryKind,
        "Mode": pb.EntryMode,
        "Direction": pb.Direction,
        "Outcome": pb.RowOutcome,
        "Action": decision_pb2.Action,
        "Source": decision_pb2.Source,
        "Fraud": decision_pb2.FraudType,
        "State": change_state_pb2.ChangeState,
        "Reason": decision_pb2.Reason,
    }


_PROPOSE = ("BlocklistService/UpdateEntries",)
_CHANGE = ("ChangeService/CreateChange",)
_READ = ("BlocklistService/FindEntries", "BlocklistService/GetEntryHistory")

ROUTES = (
    PageRoute(path="/add", view=ask_add, needs=_PROPOSE),
    PageRoute(path="/add", view=add, method="POST", needs=_PROPOSE),
    PageRoute(path="/entry/{entry}", view=show, needs=_READ),
    PageRoute(path="/entry/{entry}/edit", view=ask_edit, needs=(*_READ, *_CHANGE)),
    PageRoute(path="/entry/{entry}/edit", view=edit, method="POST", needs=(*_READ, *_CHANGE)),
    PageRoute(path="/entry/{entry}/end", view=end, method="POST", needs=(*_READ, *_CHANGE)),
    PageRoute(path="/entry/{entry}/remove", view=remove, method="POST", needs=_PROPOSE),
    PageRoute(path="/entry/{entry}/mode", view=set_mode, method="POST", needs=_PROPOSE),
)
