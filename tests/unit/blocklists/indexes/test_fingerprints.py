"""Texts are found by the fingerprints they are near to, as a linear scan finds them."""

from datetime import UTC, datetime

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import Entry
from blocklists.entry_table import EntryTable, Identities
from blocklists.indexes.lsh import BandIndex
from blocklists.snapshot import delta
from blocklists.snapshot.delta import ListSegments
from blocklists.snapshot.snapshot import NO_ENTRY, Snapshot
from fanzha.decisions import Action
from fanzha.fingerprint import BANDS, NEAR, VALUES, BatchSketches, fingerprint
from tests.support.builders import NINE_O_CLOCK_S, a_change, an_entry

POINTS = "【示例银行】尊敬的客户，您的积分8200分将于今日过期，请登录 bank.example 兑换现金礼品"
VARIANT = POINTS.replace("尊敬的客户，", "客户您好，").replace("8200", "9100")
PARCEL = "您的快递因地址不详无法派送，请在24小时内到驿站联系工作人员更新收件信息，谢谢配合"
EXPIRED = datetime(2026, 1, 5, 8, tzinfo=UTC)

# Few different numbers, so that sketches meet.
sketches = st.lists(st.integers(0, 2), min_size=VALUES, max_size=VALUES)


def decided(snapshot: Snapshot, *bodies: str) -> list[Action | None]:
    matches = snapshot.find_texts(BatchSketches(bodies), NINE_O_CLOCK_S)
    assert (matches.rows == NO_ENTRY).tolist() == (matches.actions == 0).tolist()
    return [Action(action) if action else None for action in matches.actions.tolist()]


def listed(text: str, action: Action = Action.BLOCK, **fields: object) -> Entry:
    return an_entry(fingerprint(text), action, **fields)  # type: ignore[arg-type]


def test_near_duplicates_are_found_and_other_texts_are_not() -> None:
    snapshot = Snapshot.build(1, [listed(POINTS), an_entry("bank.example")])

    assert decided(snapshot, "收到", POINTS, PARCEL, VARIANT) == [
        None, Action.BLOCK, None, Action.BLOCK,
    ]  # fmt: skip


def test_an_empty_index_finds_no_fingerprint() -> None:
    assert decided(Snapshot.build(1, [an_entry("bank.example")]), POINTS, PARCEL) == [None, None]


def test_a_batch_of_any_size_is_decided_row_by_row() -> None:
    snapshot = Snapshot.build(1, [listed(POINTS)])

    found = decided(snapshot, *[PARCEL, POINTS] * 600)

    assert found == [None, Action.BLOCK] * 600


def test_the_nearer_entry_decides_and_of_equal_ones_allow() -> None:
    near = Snapshot.build(1, [listed(POINTS), listed(VARIANT, Action.ALLOW)])
    both = Snapshot.build(1, [listed(POINTS), listed(POINTS, Action.ALLOW)])

    assert decided(near, POINTS, VARIANT) == [Action.BLOCK, Action.ALLOW]
    assert decided(both, POINTS) == [Action.ALLOW]
    assert near.find_texts(BatchSketches([VARIANT]), NINE_O_CLOCK_S).ranks.tolist() == [VALUES]


def test_an_entry_that_ended_hides_no_other() -> None:
    over = listed(POINTS, Action.ALLOW, expires_at=EXPIRED)

    assert decided(Snapshot.build(1, [over]), POINTS) == [None]
    assert decided(Snapshot.build(1, [over, listed(VARIANT)]), POINTS) == [Action.BLOCK]


def test_layers_are_searched_together_without_removed_entries() -> None:
    base = ListSegments.of_table(1, 0, EntryTable.from_entries([listed(POINTS), listed(PARCEL)]))
    gone = Identities.of([(one.kind, one.pattern, one.action) for one in [listed(PARCEL)]])

    later = delta.apply(base, a_change(2, listed(VARIANT, Action.ALLOW), removals=gone))

    snapshot = later.snapshot()
    assert decided(snapshot, POINTS, VARIANT, PARCEL) == [Action.BLOCK, Action.ALLOW, None]
    row = int(snapshot.find_texts(BatchSketches([VARIANT]), NINE_O_CLOCK_S).rows[0])
    assert snapshot.entry(row).pattern == fingerprint(VARIANT)
    assert decided(delta.merged(later).snapshot(), POINTS, VARIANT, PARCEL) == decided(
        snapshot, POINTS, VARIANT, PARCEL
    )


def test_all_entries_near_a_fingerprint_are_returned_nearest_first() -> None:
    near, over = listed(VARIANT, Action.ALLOW), listed(POINTS, expires_at=EXPIRED)
    snapshot = Snapshot.build(1, [near, over, listed(PARCEL)])

    found = snapshot.find_all_fingerprints(fingerprint(POINTS))

    assert [one.pattern for one in found] == [over.pattern, near.pattern]


@given(st.lists(sketches, min_size=1, max_size=20), st.lists(sketches, min_size=1, max_size=5))
def test_a_fingerprint_with_a_common_band_and_enough_common_values_is_found(
    kept: list[list[int]], wanted: list[list[int]]
) -> None:
    index = BandIndex.build(np.array(kept, np.uint16), first_row=7)

    near = index.find(np.array(wanted, np.uint16))

    expected = [
        (query, row + 7, equal)
        for query, one in enumerate(wanted)
        for row, other in enumerate(kept)
        if (equal := sum(a == b for a, b in zip(one, other, strict=True))) >= NEAR
        and any(one[2 * n : 2 * n + 2] == other[2 * n : 2 * n + 2] for n in range(BANDS))
    ]
    found = zip(near.queries.tolist(), near.rows.tolist(), near.equal.tolist(), strict=True)
    assert list(found) == expected
