"""Entries cross the wire to a command as the server has them."""

from datetime import UTC, datetime

import pytest

from blocklists.entries import NO_END_S, Direction, Entry, EntryKind, EntryMode, Source
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.fraud import FraudType
from fanzha.v1 import blocklist_pb2 as pb
from services.cli.lists import entry_messages
from services.rpc.lists import messages


def an_entry(expires_s: int, review_s: int = 0) -> Entry:
    return Entry(
        kind=EntryKind.NUMBER,
        pattern="+8617000000001",
        action=Action.ALLOW,
        direction=Direction.TO,
        fraud_type=FraudType.FAKE_LOAN,
        source=Source.CARRIER,
        reason="reported",
        legal_basis="article 7",
        created_by="li",
        created_at=datetime.fromtimestamp(1_764_000_000, UTC),
        expires_at=datetime.fromtimestamp(expires_s, UTC),
        campaign="autumn",
        mode=EntryMode.SHADOW,
        review_at=datetime.fromtimestamp(review_s, UTC) if review_s else None,
    )


@pytest.mark.parametrize(
    "entry", [an_entry(1_765_000_000), an_entry(NO_END_S, review_s=1_765_000_000)]
)
def test_an_entry_is_read_as_the_server_wrote_it(entry: Entry) -> None:
    assert entry_messages.read(messages.entry(entry)) == entry


@pytest.mark.parametrize("field", ["kind", "action", "source", "fraud_type", "mode"])
def test_a_value_of_a_newer_server_is_refused_with_the_entry(field: str) -> None:
    message = messages.entry(an_entry(NO_END_S))
    setattr(message, field, 99)

    with pytest.raises(InvalidInput, match=f"{message.entry_id}.*newer"):
        entry_messages.read(message)


def test_an_absent_mode_enforces() -> None:
    message = messages.entry(an_entry(NO_END_S))
    message.mode = pb.ENTRY_MODE_UNSPECIFIED

    assert entry_messages.read(message).mode is EntryMode.ENFORCE
