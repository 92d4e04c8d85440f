"""One appeal on one page: statement, evidence, what upholding would do, decision and lift."""

import re
from collections.abc import Mapping, Sequence
from typing import Any

from starlette.responses import Response

from fanzha.translation.catalogue import gettext_noop
from fanzha.v1 import appeal_pb2 as pb
from fanzha.v1 import blocklist_pb2, decision_pb2
from services.console.appeals import forms
from services.console.backend.faults import BackendFault
from services.console.lists import entry_ref
from services.console.web.formats import ReaderFormats
from services.console.web.page_request import PageRequest

STATE_TONES: Mapping[int, str] = {
    pb.APPEAL_STATE_UPHELD: "good",
    pb.APPEAL_STATE_REJECTED: "bad",
}
_EVENTS: Mapping[str, str] = {
    "opened": gettext_noop("Handed in"),
    "documents_added": gettext_noop("Documents added"),
    "taken": gettext_noop("Taken into review"),
    "upheld": gettext_noop("Upheld"),
    "rejected": gettext_noop("Rejected"),
    "withdrawn": gettext_noop("Withdrawn"),
    "lift_committed": gettext_noop("Lift committed"),
    "lift_done": gettext_noop("Lifted in every worker"),
    "lift_failed": gettext_noop("Lift is retried"),
    "dismissed": gettext_noop("Decision dismissed"),
    "not_dismissed": gettext_noop("Decision could not be dismissed"),
    "notified": gettext_noop("Notice handed over"),
    "erased": gettext_noop("Personal data erased"),
}
_TIMES = ("occurred_at_ms", "decided_at_ms")
_DECISION = (
    ("decision_id", gettext_noop("Decision")),
    ("decided_at_ms", gettext_noop("Decided at")),
    ("occurred_at_ms", gettext_noop("Happened at")),
    ("channel", gettext_noop("Channel")),
    ("from_party", gettext_noop("Caller or sender")),
    ("to_party", gettext_noop("Called or receiving party")),
    ("url", gettext_noop("Link")),
    ("reason", gettext_noop("Reason")),
    ("evidence", gettext_noop("Matched on")),
    ("pattern", gettext_noop("Pattern")),
    ("score", gettext_noop("Score of the model")),
    ("fraud_type", gettext_noop("Kind of fraud")),
    ("campaign", gettext_noop("Campaign")),
    ("list_version", gettext_noop("Version of the lists")),
    ("model_version", gettext_noop("Version of the model")),
)


async def show(
    visit: PageRequest,
    appeal_id: int,
    *,
    fault: str = "",
    field: str = "",
    drafts: Mapping[str, str] | None = None,
    notices: Mapping[str, str] | None = None,
    status: int = 200,
) -> Response:
    """Show an appeal; *drafts* and *notices* are texts of notices by language."""
    answer: pb.GetAppealResponse = await visit.calls.unary(
        "AppealService/GetAppeal", pb.GetAppealRequest(appeal_id=appeal_id)
    )
    one = answer.appeal
    links = visit.may("BlocklistService/FindEntries") and not one.masked
    reviews = one.state == pb.APPEAL_STATE_IN_REVIEW and one.officer == visit.session.name
    return await visit.show(
        "appeals/appeal.html",
        status=status,
        appeal=one,
        evidence=answer.evidence if answer.HasField("evidence") else None,
        decision=decision_facts(answer.evidence.decision, visit.formats),
        recent=[decision_facts(each.fields, visit.formats) for each in answer.evidence.recent],
        events=[(event, _EVENTS.get(event.what, event.what)) for event in one.events],
        open=not one.closed_at_ms,
        entry_path=await entry_ref.paths(visit) if links else None,
        decides=reviews and visit.may("AppealService/DecideAppeal"),
        drafts=drafts or {},
        notices=notices or {},
        typed=forms.typed(visit) if fault or drafts else {},
        fault=fault,
        errors={field: fault} if field else {},
        **names(),
    )


async def wrong(visit: PageRequest, appeal_id: int, fault: BackendFault) -> Response:
    """Show the appeal again, with what is wrong with a form of it; raise any other fault."""
    if not fault.is_input and fault.status != "PERMISSION_DENIED":
        raise fault
    name = re.match(r"([a-z_]+)[:：]", fault.message)
    status = {"ABORTED": 409, "PERMISSION_DENIED": 403}.get(fault.status, 400)
    text = fault.message
    return await show(visit, appeal_id, fault=text, field=name[1] if name else "", status=status)


def names() -> dict[str, Any]:
    """Return the enums that templates of appeals name, and tones of states."""
    return {
        "pb": pb,
        "lists": blocklist_pb2,
        "actions": decision_pb2.Action,
        "fraud_types": decision_pb2.FraudType,
        "sources": decision_pb2.Source,
        "tones": STATE_TONES,
    }


def decision_facts(fields: Mapping[str, str], formats: ReaderFormats) -> Sequence[tuple[str, str]]:
    """Return the stored fields of a decision as pairs of a title and a text."""
    found = []
    for name, title in _DECISION:
        if text := fields.get(name, ""):
            value = formats.time(int(text)) if name in _TIMES and text.isdecimal() else text
            if name in {"from_party", "to_party"}:
                value = formats.party(text)
            found.append((formats.gettext(title), value))
    return found
