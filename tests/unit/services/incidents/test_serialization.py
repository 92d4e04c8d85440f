"""Incidents survive being written and read."""

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
        st.builds(IncidentEvent, at_ms=NUMBERS, by=TEXTS, what=st.sampled_from(IncidentEventKind)),
        max_size=3,
    ).map(tuple),
)  # fmt: skip


@given(INCIDENTS)
def test_what_is_written_is_read_back(incident: Incident) -> None:
    assert serialization.read(serialization.written(incident)) == incident
