"""Incidents survive being written and read."""

import json

from hypothesis import given
from hypothesis import strategies as st

from services.incidents import serialization
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

TEXTS = st.text(max_size=20)
NUMBERS = st.integers(0, 2**53)
KINDS = st.sampled_from(PartKind)
INCIDENTS = st.builds(
    Incident,
    incident_id=NUMBERS,
    revision=NUMBERS,
    title=TEXTS,
    fraud_type=st.integers(0, 10),
    region=TEXTS,
    stage=st.sampled_from(HandlingStage),
    due_ms=NUMBERS,
    parts=st.lists(
        st.builds(IncidentPart, kind=KINDS, reference=TEXTS, sha256=TEXTS, note=TEXTS), max_size=3
    ).map(tuple),
    leads=st.lists(
        st.builds(
            Lead, lead_id=NUMBERS, department=TEXTS, purpose=TEXTS, legal_basis=TEXTS,
            state=st.sampled_from(LeadState), outcome=st.none() | st.sampled_from(LeadOutcome),
            parts=st.lists(st.tuples(KINDS, TEXTS), max_size=3).map(tuple),
        ),
        max_size=3,
    ).map(tuple),
    opened_at_ms=NUMBERS,
    opened_by=TEXTS,
    events=st.lists(
        st.builds(
            IncidentEvent, at_ms=NUMBERS, by=TEXTS, what=st.sampled_from(IncidentEventKind),
            note=TEXTS | st.just("warning: told"), stage=st.none() | st.sampled_from(HandlingStage),
        ),
        max_size=3,
    ).map(tuple),
)  # fmt: skip


@given(INCIDENTS)
def test_what_is_written_is_read_back(incident: Incident) -> None:
    assert serialization.read(serialization.written(incident)) == incident


def test_a_move_written_before_events_had_a_stage_is_read_with_it() -> None:
    moved = IncidentEvent(at_ms=1, by="li", what=IncidentEventKind.MOVED, note="warning: all told")
    joined = IncidentEvent(at_ms=2, by="li", what=IncidentEventKind.JOINED, note="warning: a case")
    incident = Incident(
        incident_id=1, title="t", opened_at_ms=1, opened_by="li", events=(moved, joined)
    )
    fields = json.loads(serialization.written(incident))
    for event in fields["events"]:
        del event["stage"]

    first, second = serialization.read(json.dumps(fields)).events

    assert (first.stage, first.note) == (HandlingStage.WARNING, "all told")
    assert (second.stage, second.note) == (None, "warning: a case")


def test_an_owner_that_was_written_before_there_were_codes_is_read_as_its_code() -> None:
    old = Incident(incident_id=1, title="t", opened_at_ms=1, opened_by="li", owner="省通信管理局")

    assert serialization.read(serialization.written(old)).owner == "provincial_communications"
