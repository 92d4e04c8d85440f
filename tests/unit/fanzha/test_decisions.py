"""Our enums carry the numbers of the wire."""

from enum import IntEnum

import pytest

from blocklists.entries import Direction, EntryKind, Source
from fanzha.decisions import Action, DisplayLabel, MatchedOn, Reason, Treatment
from fanzha.fraud import FraudType
from fanzha.tables import Attestation, Channel, Ingress
from fanzha.v1 import blocklist_pb2, decision_pb2, interception_pb2


@pytest.mark.parametrize(
    ("ours", "wire", "prefix"),
    [
        (Action, decision_pb2.Action, "ACTION_"),
        (Reason, decision_pb2.Reason, "REASON_"),
        (Treatment, decision_pb2.Treatment, "TREATMENT_"),
        (DisplayLabel, decision_pb2.DisplayLabel, "DISPLAY_LABEL_"),
        (MatchedOn, decision_pb2.Evidence, "EVIDENCE_"),
        (FraudType, decision_pb2.FraudType, "FRAUD_TYPE_"),
        (Channel, decision_pb2.Channel, "CHANNEL_"),
        (Ingress, interception_pb2.Ingress, "INGRESS_"),
        (Attestation, interception_pb2.Attestation, "ATTESTATION_"),
        (EntryKind, blocklist_pb2.EntryKind, "ENTRY_KIND_"),
        (Direction, blocklist_pb2.Direction, "DIRECTION_"),
        (Source, decision_pb2.Source, "SOURCE_"),
    ],
)
def test_numbers_are_those_on_the_wire(ours: type[IntEnum], wire: object, prefix: str) -> None:
    members = ours.__members__.items()
    numbers = {name: member.value for name, member in members} | {"UNSPECIFIED": 0}

    assert numbers == {name.removeprefix(prefix): number for name, number in wire.items()}  # type: ignore[attr-defined]
