from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import pytest

from blocklists.entries import Direction, EntryKind, EntryMode
from fanzha.decisions import Action
from services.warning.model import Means, MeansKind
from services.warning.outcomes import loss_means
from services.warning.outcomes.loss_means import NoProposalReason, ProposedEntry
from tests.support.builders import an_entry
from tests.support.warnings import NOW_MS

FINGERPRINT = "fp1:" + "0123456789abcdef" * 4
NUMBER = ProposedEntry(kind=EntryKind.NUMBER, pattern="+8617000000123")


@pytest.mark.parametrize(
    ("kind", "value", "wanted"),
    [
        (MeansKind.CALLER, "+8617000000123", NUMBER),
        (MeansKind.CALLER, "anonymous", None),
        (MeansKind.SENDER, "+8617000000123", NUMBER),
        (
            MeansKind.SENDER,
            "1069012345",
            ProposedEntry(kind=EntryKind.SENDER, pattern="1069012345"),
        ),
        (MeansKind.SENDER, "Bank", ProposedEntry(kind=EntryKind.SENDER, pattern="Bank")),
        (
            MeansKind.LINK,
            "https://Pay.example:8443/now?a=1",
            ProposedEntry(kind=EntryKind.HOST, pattern="pay.example"),
        ),
        (
            MeansKind.TEXT,
            FINGERPRINT,
            ProposedEntry(kind=EntryKind.FINGERPRINT, pattern=FINGERPRINT),
        ),
        (MeansKind.TEXT, "you won", None),
        (MeansKind.ACCOUNT, "6222 0000 0000 0000", None),
    ],
)
def test_each_means_has_its_kind_of_entry(
    kind: MeansKind, value: str, wanted: ProposedEntry | None
) -> None:
    assert loss_means.entry_for(Means(kind=kind, value=value)) == wanted


@pytest.mark.parametrize(
    ("fields", "why"),
    [
        ({}, NoProposalReason.BLOCKED),
        ({"direction": Direction.TO}, None),
        ({"mode": EntryMode.SHADOW}, None),
        ({"kind": EntryKind.SENDER}, None),
        ({"action": Action.ALLOW}, NoProposalReason.ALLOWED),
        ({"action": Action.ALLOW, "expires_at": datetime.fromtimestamp(1, UTC)}, None),
    ],
)
def test_matching_entries_decide_about_a_new_one(
    fields: dict[str, Any], why: NoProposalReason | None
) -> None:
    entry = replace(an_entry(NUMBER.pattern), **fields)
    assert loss_means.existing_entry_reason(NUMBER, [entry], NOW_MS // 1000) == why


def test_an_allow_entry_outranks_one_that_blocks() -> None:
    entries = [an_entry(NUMBER.pattern), an_entry("+861700000*", action=Action.ALLOW)]
    assert (
        loss_means.existing_entry_reason(NUMBER, entries, NOW_MS // 1000)
        is NoProposalReason.ALLOWED
    )
