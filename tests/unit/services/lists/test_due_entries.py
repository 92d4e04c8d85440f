"""What is due agrees with a look at every entry."""

from collections.abc import Sequence
from dataclasses import replace
from datetime import UTC, datetime, timedelta

from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import NO_END_S, Entry, Source
from blocklists.entry_table import EntryTable
from blocklists.provenance_columns import ProvenanceReader
from blocklists.snapshot import delta
from blocklists.snapshot.delta import ListSegments
from services.lists import due_entries
from services.lists.due_entries import DueEntries, DueReason
from services.lists.metrics import ListMetrics
from tests.support.builders import NINE_O_CLOCK_S, a_change, an_entry
from tests.support.list_strategies import identity, latest, mixed

DAY_S = 86_400
NOW = datetime.fromtimestamp(NINE_O_CLOCK_S, UTC)
days = st.integers(-2, 20).map(lambda after: NOW + timedelta(days=after))
timed = st.builds(
    lambda entry, ends, review, source: replace(
        entry, expires_at=ends, review_at=review, source=source
    ),
    mixed,
    days | st.just(datetime.fromtimestamp(NO_END_S, UTC)),
    st.none() | days,
    st.sampled_from(Source),
)


def find(listed: ListSegments, within_days: int = 7, source: int = 0) -> DueEntries:
    return due_entries.find(
        listed.layers(),
        ProvenanceReader(),
        now_s=NINE_O_CLOCK_S,
        until_s=NINE_O_CLOCK_S + within_days * DAY_S,
        source=source,
    )


def expected(entry: Entry) -> tuple[DueReason, int] | None:
    ends_s = int(entry.expires_at.timestamp())
    review_s = int(entry.review_at.timestamp()) if entry.review_at else 0
    if ends_s <= NINE_O_CLOCK_S:
        return None
    if review_s and review_s < ends_s:
        overdue = review_s <= NINE_O_CLOCK_S
        found = DueReason.REVIEW_OVERDUE if overdue else DueReason.REVIEW, review_s
    else:
        found = DueReason.ENDS, ends_s
    return found if found[1] <= NINE_O_CLOCK_S + 7 * DAY_S else None


@given(st.lists(timed, max_size=8), st.lists(timed, max_size=5))
def test_due_entries_are_found_as_by_a_linear_scan(
    first: Sequence[Entry], later: Sequence[Entry]
) -> None:
    lists = ListSegments.of_table(1, 0, EntryTable.from_entries(first))
    lists = delta.apply(lists, a_change(2, *later))
    snapshot = lists.snapshot()

    due = find(lists)

    found = {
        identity(snapshot.entry(row)): (DueReason(reason), at)
        for row, reason, at in zip(
            due.rows.tolist(), due.reasons.tolist(), due.times_s.tolist(), strict=True
        )
    }
    wanted = {identity(one): expected(one) for one in latest([*first, *later]) if expected(one)}
    assert found == wanted
    assert due.times_s.tolist() == sorted(due.times_s.tolist())
    assert due.ended == sum(
        one.expires_at.timestamp() <= NINE_O_CLOCK_S for one in latest([*first, *later])
    )


def test_due_entries_are_counted_by_source_and_reason() -> None:
    soon = NOW + timedelta(days=3)
    lists = ListSegments.of_table(
        1,
        0,
        EntryTable.from_entries(
            [
                an_entry("1111", expires_at=soon),
                an_entry("1112", expires_at=soon),
                replace(an_entry("1113"), review_at=soon, source=Source.CARRIER),
            ]
        ),
    )

    assert find(lists).counts() == {
        (Source.PROVINCE, DueReason.ENDS): 2,
        (Source.CARRIER, DueReason.REVIEW): 1,
    }
    assert len(find(lists, source=Source.CARRIER).rows) == 1


def test_gauges_count_entries_due_within_a_week() -> None:
    listed = replace(an_entry("1111"), review_at=NOW - timedelta(days=1))
    lists = ListSegments.of_table(1, 0, EntryTable.from_entries([listed]))
    gauges = ListMetrics(lambda: lists, lambda: float(NINE_O_CLOCK_S))

    families = {family.name: family for family in gauges.collect()}
    due, ended = families["fanzha_entries_due"], families["fanzha_entries_expired"]

    values = {tuple(sample.labels.values()): sample.value for sample in due.samples}
    assert values["province", "review_overdue"] == 1
    assert sum(values.values()) == 1
    assert ended.samples[0].value == 0


def test_gauges_are_absent_before_lists_are_loaded() -> None:
    assert list(ListMetrics(lambda: None, lambda: 1.0).collect()) == []
