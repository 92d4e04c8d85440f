"""Our enums carry the numbers of the wire; which rows of a batch are blocked or marked."""

from enum import IntEnum
from itertools import product

import numpy as np
import pytest

from blocklists.entries import Direction, EntryKind, Source
from fanzha.decisions import Action, Decisions, DisplayLabel, MatchedOn, Reason, Treatment
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


def test_rows_that_are_blocked_or_marked_are_told_from_the_others() -> None:
    pairs = list(product(Action, Reason))
    decisions = Decisions(
        first_id=1,
        actions=np.array([action for action, _ in pairs], np.uint8),
        reasons=np.array([reason for _, reason in pairs], np.uint8),
        scores=np.zeros(len(pairs), np.float32),
        threshold=0.5,
        entries=np.full(len(pairs), -1),
        details={},
        list_version=1,
        model_version="",
    )

    marks = {Reason.VELOCITY, Reason.RELATED, Reason.REVIEW}
    expected = [action is Action.BLOCK or reason in marks for action, reason in pairs]
    assert decisions.blocked_or_marked().tolist() == expected
    assert decisions.blocked_or_marked() is decisions.blocked_or_marked()
