"""A copy of the lists decides as the lists do, in Python and in C."""

import subprocess
from collections.abc import Callable, Sequence
from datetime import UTC, datetime
from pathlib import Path

import numpy as np
import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from blocklists.edge.lines import EDGE_KINDS, ending_last, lines_of
from blocklists.entries import Direction, Entry, EntryKind
from blocklists.entry_table import pattern_key
from blocklists.exporters import guard
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.client import MirroredLists
from fanzha.decisions import Action
from fanzha.edge import lookup
from fanzha.edge.entry import EdgeEntry, EdgeKind, EdgeScope
from fanzha.edge.sorted_lines import SortedLines
from tests.support.builders import NINE_O_CLOCK_S, an_entry
from tests.support.checkout import CHECKOUT
from tests.support.external_servers import program
from tests.support.list_strategies import entries, numbers, senders, urls

SOURCE = CHECKOUT / "examples" / "clients" / "edge_lookup.c"
SIDES = {Direction.FROM: EdgeScope.FROM, Direction.TO: EdgeScope.TO}
AskInC = tuple[Callable[..., tuple[str, int]], lookup.Lists]
LISTS = st.lists(entries, max_size=12)


def both(listed: Sequence[Entry]) -> tuple[Snapshot, lookup.Lists]:
    refused = guard.refusals(listed)
    kept = [entry for row, entry in enumerate(listed) if row not in refused]
    snapshot = Snapshot.build(1, kept)
    by_kind: dict[EntryKind, list[bytes]] = {}
    for table in snapshot.table(snapshot.live_rows()):
        for kind, line in lines_of(table):
            by_kind.setdefault(kind, []).append(line)
    held = {kind: SortedLines.of(ending_last(lines).values()) for kind, lines in by_kind.items()}
    return snapshot, {EDGE_KINDS[kind]: lines for kind, lines in held.items()}


def id_of(snapshot: Snapshot, rows: "np.typing.NDArray[np.int64]") -> str | None:
    row = int(rows[0])
    return None if row == NO_ENTRY else snapshot.entry(row).entry_id


def said(found: EdgeEntry | None) -> str | None:
    return found and found.entry_id


@given(LISTS, numbers, st.sampled_from(list(SIDES)))
def test_a_number_has_the_entry_it_has_in_the_lists(
    listed: list[Entry], number: str, side: Direction
) -> None:
    snapshot, lists = both(listed)
    keys = np.array([pattern_key(EntryKind.NUMBER, number)[0]], np.int64)

    expected = snapshot.find_parties(keys, side, NINE_O_CLOCK_S)

    found = lookup.find_number(lists, number, SIDES[side], NINE_O_CLOCK_S)
    assert said(found) == id_of(snapshot, expected.rows)


@example([an_entry("Bank", kind=EntryKind.SENDER)], "bank")
@given(LISTS, senders)
def test_a_sender_has_the_action_it_has_in_the_lists(listed: list[Entry], sender: str) -> None:
    snapshot, lists = both(listed)
    keys = np.array([pattern_key(EntryKind.SENDER, sender)[0]], np.int64)

    expected = snapshot.find_parties(keys, Direction.FROM, NINE_O_CLOCK_S, senders=True)

    found = lookup.find_sender(lists, sender, NINE_O_CLOCK_S)
    action = Action(int(expected.actions[0])).name.lower() if expected.rows[0] >= 0 else None
    assert (found and found.action) == action


@given(LISTS, urls)
def test_a_link_has_the_entry_it_has_in_the_lists(listed: list[Entry], url: str) -> None:
    snapshot, lists = both(listed)

    expected = snapshot.find_urls([url], NINE_O_CLOCK_S)

    found = lookup.find_link(lists, url, NINE_O_CLOCK_S)
    assert said(found) == id_of(snapshot, expected.rows)


@pytest.fixture(scope="module")
def in_c(tmp_path_factory: pytest.TempPathFactory) -> AskInC:
    folder = tmp_path_factory.mktemp("c")
    compiler = program("cc", package="gcc")
    flags = ["-std=c11", "-D_POSIX_C_SOURCE=200809L", "-O1", "-Wall", "-Wextra", "-Werror"]
    subprocess.run([compiler, *flags, "-o", str(folder / "look"), str(SOURCE)], check=True)
    lists = save(folder / "lists.txt")

    def ask(what: str, pattern: str, file: Path = folder / "lists.txt") -> tuple[str, int]:
        command = [str(folder / "look"), str(file), what, pattern]
        done = subprocess.run(command, capture_output=True, text=True, check=False)
        return done.stdout.strip(), done.returncode

    return ask, lists


def save(file: Path) -> lookup.Lists:
    """Write a copy with a few of everything among many of the same kind."""
    ended = datetime(2001, 1, 1, tzinfo=UTC)
    later = datetime(2100, 1, 1, tzinfo=UTC)
    listed = [
        an_entry("+8617000000001", expires_at=later),
        an_entry("+8617000000002", direction=Direction.TO, expires_at=later),
        an_entry("+8617000000003", expires_at=ended),
        an_entry("+86170000001*", expires_at=later),
        an_entry("+8617000000110", Action.ALLOW, expires_at=later),
        an_entry("Prize", expires_at=later),
        an_entry("bank.example", expires_at=later),
        an_entry("ok.bank.example", Action.ALLOW, expires_at=later),
        an_entry("ok.bank.example", expires_at=later),
        an_entry("amazonaws.com", expires_at=later),
        *(an_entry(f"+86170001{number:05}", expires_at=later) for number in range(3000)),
        *(an_entry(f"n{number}.shop.example", expires_at=later) for number in range(3000)),
    ]
    _, lists = both(listed)
    held = {kind: lists.get(kind, SortedLines()) for kind in EdgeKind}
    MirroredLists("1.x", 1, held).save(file)
    return lists


CASES = [
    ("from", "+8617000000001", "block"), ("to", "+8617000000001", "block"),
    ("from", "+8617000000002", "none"), ("to", "+8617000000002", "block"),
    ("from", "+8617000000003", "none"), ("from", "+8617000000199", "block"),
    ("from", "+8617000000110", "allow"), ("from", "+861700000011", "block"),
    ("from", "+8617000100000", "block"), ("from", "+8617000102999", "block"),
    ("from", "+8617000103000", "none"), ("from", "1", "none"), ("from", "", "none"),
    ("sender", "Prize", "block"), ("sender", "pRIZE", "block"), ("sender", "Priz", "none"),
    ("sender", "+8617000000001", "block"),
    ("host", "bank.example", "block"), ("host", "www.bank.example", "block"),
    ("host", "a.b.ok.bank.example", "allow"), ("host", "notbank.example", "none"),
    ("host", "example", "none"), ("host", "n2999.shop.example", "block"),
    ("host", "amazonaws.com", "block"), ("host", "x.s3.amazonaws.com", "none"),
    ("host", "zzz.example", "none"), ("host", "...", "none"),
]  # fmt: skip


@pytest.mark.parametrize(("what", "pattern", "action"), CASES)
def test_the_reader_in_c_finds_the_same(in_c: AskInC, what: str, pattern: str, action: str) -> None:
    ask, lists = in_c
    expected = {
        "from": lambda: lookup.find_number(lists, pattern, EdgeScope.FROM, NINE_O_CLOCK_S),
        "to": lambda: lookup.find_number(lists, pattern, EdgeScope.TO, NINE_O_CLOCK_S),
        "sender": lambda: lookup.find_sender(lists, pattern, NINE_O_CLOCK_S),
        "host": lambda: lookup.find_host(lists, pattern, NINE_O_CLOCK_S),
    }[what]()

    text, status = ask(what, pattern)

    assert text == (f"{action} {expected.entry_id}" if expected else "none")
    assert status == (action == "block")


@pytest.mark.parametrize("content", [b"", b"!fanzha-lists\t2\tx\n", b"number\t+1\tblock\n"])
def test_the_reader_in_c_refuses_another_file(in_c: AskInC, tmp_path: Path, content: bytes) -> None:
    file = tmp_path / "other"
    file.write_bytes(content)

    assert in_c[0]("from", "+1", file) == ("", 2)
