"""Writes incidents as JSON documents, and reads them back."""

import json
from dataclasses import asdict
from typing import Any

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
            "parts": tuple(
                IncidentPart(**one | {"kind": PartKind(one["kind"])}) for one in fields["parts"]
            ),
            "leads": tuple(map(_lead, fields["leads"])),
            "events": tuple(
                IncidentEvent(**one | {"what": IncidentEventKind(one["what"])})
                for one in fields["events"]
            ),
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
