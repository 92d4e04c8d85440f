"""The table of ``tests/cases/precedence.toml``, in one layer and spread over two."""

import tomllib
from dataclasses import replace
from datetime import UTC, datetime
from typing import Any

import numpy as np
import pytest

from blocklists.entries import Direction, Entry, EntryKind
from blocklists.entry_table import EntryTable, Identities
from blocklists.snapshot import delta
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action
from fanzha.phone import HomePlan
from tests.support.builders import NINE_O_CLOCK_S, a_change, an_entry
from tests.support.checkout import CHECKOUT

CASES = tomllib.loads((CHECKOUT / "tests" / "cases/precedence.toml").read_text())["case"]
EXPIRED = datetime(2026, 1, 1, tzinfo=UTC)

by_name = pytest.mark.parametrize("case", CASES, ids=[case["name"] for case in CASES])


def read(line: str) -> tuple[Entry, set[str]]:
    """Read an entry of a case; return it with the words that follow its pattern."""
    action, *words = line.split()
    kind = EntryKind.SENDER if words[0] == "sender" else None
    pattern, *rest = words[1:] if kind else words
    if pattern.count(".") == 3:  # an IP address, not a number
        kind = EntryKind.HOST
    entry = an_entry(pattern, Action[action.upper()], kind=kind)
    for direction in Direction.FROM, Direction.TO, Direction.BOTH:
        if str(direction.name).lower() in rest:
            entry = replace(entry, direction=direction)
    return replace(entry, expires_at=EXPIRED) if "expired" in rest else entry, set(rest)


def written(entry: Entry) -> str:
    sender = "sender " if entry.kind == EntryKind.SENDER else ""
    return f"{entry.action.name.lower()} {sender}{entry.pattern}"


def deciding(snapshot: Snapshot, asked: str, query: str) -> str:
    if asked == "link":
        matches = snapshot.find_urls([query], NINE_O_CLOCK_S)
    else:
        direction = Direction.TO if asked == "to" else Direction.FROM
        keys = np.array([HomePlan().sender_key(query)])
        matches = snapshot.find_parties(keys, direction, NINE_O_CLOCK_S, senders=asked == "sender")
    [row], [action], [rank] = (column.tolist() for column in matches)
    if row < 0:
        assert (action, rank) == (0, 0)
        return "nothing"
    entry = snapshot.entry(row)
    assert entry.action == action
    return written(entry)


def two_layers(base: list[Entry], overlay: list[Entry], removed: list[Entry]) -> Snapshot:
    names = Identities.of((entry.kind, entry.pattern, entry.action) for entry in removed)
    first = ListSegments.of_table(1, 0, EntryTable.from_entries(base))
    return delta.apply(first, a_change(2, *overlay, removals=names)).snapshot()


@by_name
def test_the_expected_entry_decides(case: dict[str, Any]) -> None:
    listed = [entry for entry, words in map(read, case["list"]) if "removed" not in words]

    found = deciding(Snapshot.build(1, listed), case["asked"], case["query"])

    assert found == case["decides"]


@by_name
def test_it_decides_whichever_layer_the_entries_lie_in(case: dict[str, Any]) -> None:
    entries = [read(line) for line in case["list"]]
    removed = [entry for entry, words in entries if "removed" in words]
    remaining = [entry for entry, words in entries if "removed" not in words]
    for split in range(2 ** len(remaining)):
        base = [entry for at, entry in enumerate(remaining) if split >> at & 1]
        overlay = [entry for entry in remaining if entry not in base]

        snapshot = two_layers([*base, *removed], overlay, removed)

        assert deciding(snapshot, case["asked"], case["query"]) == case["decides"]
