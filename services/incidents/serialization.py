"""Writes incidents as JSON documents, and reads them back."""

import json
from dataclasses import asdict
from typing import Any

from services.entities import responsible_units
from services.incidents.model import (
    HandlingStage,
    Incident,
    IncidentEvent,
    IncidentEventKind,
    IncidentPart,
    Lead,
    LeadOutcome,
    LeadState,
    PartKind,
)


def written(incident: Incident) -> str:
    """Write an incident."""
    return json.dumps(asdict(incident), ensure_ascii=False, separators=(",", ":"))


def read(text: str | bytes) -> Incident:
    """Read an incident."""
    fields = json.loads(text)
    return Incident(
        **fields
        | {
            "stage": HandlingStage(fields["stage"]),
            "owner": responsible_units.code_of(fields["owner"]),
            "parts": tuple(
                IncidentPart(**one | {"kind": PartKind(one["kind"])}) for one in fields["parts"]
            ),
            "leads": tuple(map(_lead, fields["leads"])),
            "events": tuple(map(_event, fields["events"])),
        }
    )


def _lead(fields: Any) -> Lead:
    outcome = fields["outcome"]
    return Lead(
        **fields
        | {
            "state": LeadState(fields["state"]),
            "parts": tuple((PartKind(kind), reference) for kind, reference in fields["parts"]),
            "outcome": None if outcome is None else LeadOutcome(outcome),
        }
    )


def _event(fields: Any) -> IncidentEvent:
    what, note = IncidentEventKind(fields["what"]), fields["note"]
    stage = fields.get("stage")
    if "stage" not in fields and what is IncidentEventKind.MOVED:
        # Written before events had a stage: it is the first word of the note.
        word, _, rest = note.partition(": ")
        if word.upper() in HandlingStage.__members__:
            stage, note = HandlingStage[word.upper()], rest
    return IncidentEvent(
        at_ms=fields["at_ms"],
        by=fields["by"],
        what=what,
        note=note,
        stage=None if stage is None else HandlingStage(stage),
    )
