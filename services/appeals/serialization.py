"""Writes appeals as the fields of a hash, and reads them back.

Personal data have fields of their own (`PERSONAL`), so erasing them leaves the figures that a
report counts.
"""

import json
from collections.abc import Mapping, Sequence
from dataclasses import asdict
from typing import Any

from blocklists.entries import Direction, EntryKind
from services.appeals.model import (
    UNKNOWN,
    Appeal,
    AppealEvent,
    AppealEventKind,
    AppealOutcome,
    AppealState,
    AppealSubject,
    Document,
    FoundIn,
    Lift,
)

PERSONAL = ("appellant", "contact", "grounds", "documents", "decision", "entries", "outcome")
"""Fields that are emptied when an appeal is erased; so are the subject and the notes."""


def written(appeal: Appeal) -> dict[str, str]:
    """Write a new appeal; the store sets state and revision."""
    return {
        "received_at_ms": str(appeal.received_at_ms),
        "deadline_ms": str(appeal.deadline_ms),
        "appellant": appeal.appellant,
        "contact": appeal.contact,
        "grounds": appeal.grounds,
        "documents": documents(appeal.documents),
        "subject": subject(appeal.subject),
        "decision_id": str(appeal.decision_id),
        "found_in": str(int(appeal.found_in)),
        "decision": _json(dict(appeal.decision)),
        "entries": _json([dict(entry) for entry in appeal.entries]),
        "occurred_at_ms": str(appeal.occurred_at_ms),
        "opened_by": appeal.opened_by,
        "blocked_by": appeal.blocked_by,
        "previous": str(appeal.previous),
        "regions": _json(list(appeal.regions)),
    }


def read(appeal_id: int, fields: Mapping[str, str], events: Sequence[str] = ()) -> Appeal:
    """Read an appeal."""
    return Appeal(
        appeal_id=appeal_id,
        state=AppealState(fields["state"]),
        revision=int(fields["revision"]),
        received_at_ms=int(fields["received_at_ms"]),
        deadline_ms=int(fields["deadline_ms"]),
        closed_at_ms=int(fields.get("closed_at_ms", 0)),
        appellant=fields.get("appellant", ""),
        contact=fields.get("contact", ""),
        grounds=fields.get("grounds", ""),
        documents=[Document(**one) for one in json.loads(fields.get("documents") or "[]")],
        subject=_subject(json.loads(fields["subject"])),
        decision_id=int(fields.get("decision_id", 0)),
        found_in=FoundIn(int(fields.get("found_in", 0))),
        decision=json.loads(fields.get("decision") or "{}"),
        entries=json.loads(fields.get("entries") or "[]"),
        occurred_at_ms=int(fields.get("occurred_at_ms", 0)),
        blocked_by=fields.get("blocked_by", UNKNOWN),
        opened_by=fields.get("opened_by", ""),
        officer=fields.get("officer", ""),
        outcome=_outcome(fields.get("outcome", "")),
        lift=_lift(fields.get("lift", "")),
        events=[_event(text) for text in events],
        previous=int(fields.get("previous", 0)),
        erased_at_ms=int(fields.get("erased_at_ms", 0)),
        regions=json.loads(fields.get("regions") or "[]"),
    )


def event(one: AppealEvent) -> str:
    """Write an event."""
    return _json(asdict(one))


def documents(some: Sequence[Document]) -> str:
    """Write documents, without their contents."""
    return _json([asdict(one) for one in some])


def subject(one: AppealSubject) -> str:
    """Write a subject."""
    return _json(_subject_fields(one))


def outcome(one: AppealOutcome) -> str:
    """Write a decision."""
    fields = asdict(one)
    fields["lift"] = _subject_fields(one.lift) if one.lift else None
    return _json(fields)


def lift(one: Lift) -> str:
    """Write the progress of a lift."""
    return _json(asdict(one))


def _subject_fields(one: AppealSubject) -> dict[str, Any]:
    return {"kind": int(one.kind), "pattern": one.pattern, "direction": int(one.direction)}


def _subject(fields: Mapping[str, Any]) -> AppealSubject:
    return AppealSubject(
        kind=EntryKind(fields["kind"]),
        pattern=fields["pattern"],
        direction=Direction(fields["direction"]),
    )


def _event(text: str) -> AppealEvent:
    fields = json.loads(text)
    return AppealEvent(**fields | {"what": AppealEventKind(fields["what"])})


def _outcome(text: str) -> AppealOutcome | None:
    if not text:
        return None
    fields = json.loads(text)
    instead = fields.pop("lift")
    return AppealOutcome(**fields, lift=_subject(instead) if instead else None)


def _lift(text: str) -> Lift | None:
    if not text:
        return None
    fields = json.loads(text)
    removed, allowed = fields.pop("removed"), fields.pop("allowed")
    return Lift(
        **fields,
        removed=[(EntryKind(kind), pattern) for kind, pattern in removed],
        allowed=(EntryKind(allowed[0]), allowed[1]) if allowed else None,
    )


def _json(value: Any) -> str:
    return json.dumps(value, ensure_ascii=False, separators=(",", ":"))
