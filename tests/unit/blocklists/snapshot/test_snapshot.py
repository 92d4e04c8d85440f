"""Look-ups agree with a linear scan, whatever the list; the table of cases is elsewhere."""

from dataclasses import replace

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Direction, Entry, EntryKind
from blocklists.entry_table import EntryTable, text_key
from blocklists.snapshot import delta
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.segment import Segment, empty
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.decisions import Action
from fanzha.phone import HomePlan
from fanzha.tables import Int64s
from tests.support.builders import NINE_O_CLOCK_S, a_change, an_entry
from tests.support.list_strategies import (
    entries,
    identity,
    latest,
    numbers,
    scan_link,
    scan_party,
    senders,
    urls,
)

NOTHING = np.zeros(0, np.int64)


def keys(*texts: str) -> Int64s:
    """Keys of canonical texts; the plan of no country, as these are too short for it."""
    return HomePlan(country_code="999").sender_keys(texts)


def spread(first: list[Entry], later: list[Entry]) -> Snapshot:
    """Put entries into a base, and what came later over it."""
    base = ListSegments.of_table(1, 0, EntryTable.from_entries(first))
    return delta.apply(base, a_change(2, *later)).snapshot()


@given(
    st.lists(entries, max_size=12),
    st.lists(entries, max_size=6),
    st.lists(numbers | senders, min_size=1, max_size=5),
    st.sampled_from([Direction.FROM, Direction.TO]),
    st.booleans(),
)
def test_parties_are_found_as_by_a_linear_scan(
    first: list[Entry],
    later: list[Entry],
    parties: list[str],
    direction: Direction,
    with_senders: bool,
) -> None:
    snapshot = spread(first, later)

    rows, actions, ranks = snapshot.find_parties(
        keys(*parties), direction, NINE_O_CLOCK_S, senders=with_senders
    )

    for at, party in enumerate(parties):
        expected = scan_party(latest([*first, *later]), party, direction, senders=with_senders)
        if expected is None:
            assert (rows[at], actions[at], ranks[at]) == (NO_ENTRY, 0, 0)
        else:
            assert (ranks[at], actions[at]) == expected
            assert snapshot.entry(int(rows[at])).action == actions[at]


@given(
    st.lists(entries, max_size=12),
    st.lists(entries, max_size=6),
    st.lists(st.tuples(numbers | senders, numbers | senders), min_size=1, max_size=5),
    st.booleans(),
)
def test_both_parties_are_found_as_each_alone(
    first: list[Entry], later: list[Entry], parties: list[tuple[str, str]], with_senders: bool
) -> None:
    snapshot = spread(first, later)
    from_, to = (keys(*side) for side in zip(*parties, strict=True))

    found = snapshot.find_both(from_, to, NINE_O_CLOCK_S, senders=with_senders)

    alone = (
        snapshot.find_parties(from_, Direction.FROM, NINE_O_CLOCK_S, senders=with_senders),
        snapshot.find_parties(to, Direction.TO, NINE_O_CLOCK_S),
    )
    for together, apart in zip(found, alone, strict=True):
        assert [column.tolist() for column in together] == [column.tolist() for column in apart]


@given(
    st.lists(entries, max_size=12),
    st.lists(entries, max_size=6),
    st.lists(urls, min_size=1, max_size=5),
)
def test_links_are_found_as_by_a_linear_scan(
    first: list[Entry], later: list[Entry], asked: list[str]
) -> None:
    snapshot = spread(first, later)

    rows, actions, ranks = snapshot.find_urls([*asked, ""], NINE_O_CLOCK_S)

    assert (rows[-1], actions[-1], ranks[-1]) == (NO_ENTRY, 0, 0)
    for at, url in enumerate(asked):
        expected = scan_link(latest([*first, *later]), url)
        found = None if rows[at] == NO_ENTRY else identity(snapshot.entry(int(rows[at])))
        assert found == expected
        assert actions[at] == (expected[2] if expected else 0)


def test_a_number_that_could_not_be_read_matches_nothing() -> None:
    snapshot = Snapshot.build(1, [an_entry("+8617000000001"), an_entry("+8*"), an_entry("1*")])

    rows, _, _ = snapshot.find_parties(np.zeros(3, np.int64), Direction.FROM, NINE_O_CLOCK_S)

    assert rows.tolist() == [NO_ENTRY] * 3


def test_an_empty_snapshot_finds_nothing() -> None:
    snapshot = Snapshot.empty()

    parties = snapshot.find_parties(keys("+8617000000001"), Direction.TO, NINE_O_CLOCK_S)
    links = snapshot.find_urls(["http://prize.example/"], NINE_O_CLOCK_S)

    assert parties.rows.tolist() == links.rows.tolist() == [NO_ENTRY]
    assert len(snapshot) == 0


def test_an_entry_stops_acting_at_the_second_it_expires() -> None:
    entry = an_entry("+8617000000001")
    snapshot, end = Snapshot.build(1, [entry]), int(entry.expires_at.timestamp())

    before = snapshot.find_parties(keys("+8617000000001"), Direction.FROM, end - 1)
    after = snapshot.find_parties(keys("+8617000000001"), Direction.FROM, end)

    assert before.actions.tolist() == [Action.BLOCK]
    assert after.actions.tolist() == [0]


def test_a_more_specific_link_has_a_higher_rank() -> None:
    listed = ["prize.example", "www.prize.example", "prize.example/a/", "www.prize.example/a/b"]
    ranks = [
        int(
            Snapshot.build(1, [an_entry(pattern)])
            .find_urls(["http://www.prize.example/a/b"], NINE_O_CLOCK_S)
            .ranks[0]
        )
        for pattern in listed
    ]

    assert ranks == sorted(ranks)
    assert len(set(ranks)) == len(ranks)


def colliding(entry: Entry, text: str) -> Snapshot:
    """Store an entry under the key of another text, as if their hashes were equal."""
    table = EntryTable.from_entries([entry])
    table = replace(table, keys=np.array([text_key(text)]))
    return Snapshot.of_segments(
        version=1, committed_at_ms=0, base=Segment.build(table), overlay=empty(), dead=NOTHING
    )


def test_a_host_cannot_collide_into_an_entry() -> None:
    snapshot = colliding(an_entry("prize.example"), "innocent.example")

    found = snapshot.find_urls(["http://innocent.example/"], NINE_O_CLOCK_S)

    assert found.rows.tolist() == [NO_ENTRY]


def test_a_host_cannot_hide_behind_another_of_the_same_hash() -> None:
    table = EntryTable.from_entries([an_entry("decoy.example"), an_entry("prize.example")])
    table = replace(table, keys=np.full(2, text_key("prize.example")))
    snapshot = Snapshot.of_segments(
        version=1, committed_at_ms=0, base=Segment.build(table), overlay=empty(), dead=NOTHING
    )

    found = snapshot.find_urls(["http://prize.example/"], NINE_O_CLOCK_S)

    assert snapshot.entry(int(found.rows[0])).pattern == "prize.example"


def test_a_url_prefix_cannot_collide_into_an_entry() -> None:
    table = EntryTable.from_entries([an_entry("shop.example/pay/")])
    table = replace(table, keys=np.array([text_key("shop.example/help/")]))
    snapshot = Snapshot.of_segments(
        version=1, committed_at_ms=0, base=Segment.build(table), overlay=empty(), dead=NOTHING
    )

    found = snapshot.find_urls(["http://shop.example/help/"], NINE_O_CLOCK_S)

    assert found.rows.tolist() == [NO_ENTRY]


@given(st.lists(entries, max_size=10), st.lists(entries, max_size=5))
def test_all_entries_can_be_read_and_counted(first: list[Entry], later: list[Entry]) -> None:
    snapshot = spread(first, later)
    expected = latest([*first, *later])

    rows = snapshot.live_rows()
    read = [snapshot.entry(row) for row in rows.tolist()]
    tables = snapshot.table(rows)

    assert sorted(map(identity, read)) == sorted(map(identity, expected))
    assert {identity(e): e.reason for e in read} == {identity(e): e.reason for e in expected}
    assert [table.entry(row) for table in tables for row in range(len(table))] == read
    assert len(snapshot) == len(expected) == snapshot.counts().total()
    for (kind, action), count in snapshot.counts().items():
        assert count == sum(e.kind == kind and e.action == action for e in expected)


def test_administrators_find_all_entries_the_most_decisive_first() -> None:
    listed = [
        an_entry("+86*"),
        an_entry("+86170*"),
        an_entry("+8617000000001"),
        an_entry("+8617000000001", Action.ALLOW, expires_at=an_entry("95588").created_at),
    ]
    snapshot = Snapshot.build(1, listed)

    found = snapshot.find_all_parties(8617000000001)

    assert found == [listed[3], listed[2], listed[1], listed[0]]


def test_administrators_find_all_entries_about_a_link() -> None:
    listed = [
        an_entry("prize.example"),
        an_entry("www.prize.example", Action.ALLOW),
        an_entry("prize.example/a/"),
        an_entry("other.example"),
    ]
    snapshot = Snapshot.build(1, listed)

    found = snapshot.find_all_urls("http://www.prize.example/a/b")

    assert found == [listed[2], listed[1], listed[0]]


def test_a_number_may_be_listed_as_sender_too() -> None:
    both = [an_entry("95588"), an_entry("95588", kind=EntryKind.SENDER)]
    snapshot = Snapshot.build(1, both)

    assert sorted(snapshot.find_all_parties(-95588), key=lambda entry: entry.kind) == both
