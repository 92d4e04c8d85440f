"""Which entries of a change take effect, and which cease to."""

from dataclasses import replace
from datetime import UTC, datetime

from blocklists.entries import Entry, EntryMode
from blocklists.entry_table import EntryTable, Identities
from fanzha.decisions import Action
from fanzha.fraud import FraudType
from services.decision_log.recipient_subject import SubjectKind
from services.warning.backfill.effective_entries import (
    EffectiveEntries,
    EntryEffect,
    find_effective,
    still_effective,
)
from services.warning.backfill.model import CHANGE, EffectiveEntry, PendingBackfill, PendingState
from tests.support.builders import NINE_O_CLOCK_S, an_entry

FRAUD = "+8617000000001"
NEVER = datetime(2100, 1, 1, tzinfo=UTC)
OVER = datetime(2026, 1, 1, tzinfo=UTC)
FINGERPRINT = f"fp1:{'0a' * 32}"


def a_block(pattern: str = FRAUD, *, expires_at: datetime = NEVER) -> Entry:
    return an_entry(pattern, expires_at=expires_at, fraud_type=FraudType.FAKE_LOAN)


def effective_count(
    *entries: Entry, before: Entry | None = None, most: int = 10
) -> EffectiveEntries:
    return find_effective(
        EntryTable.from_entries(entries),
        EntryTable.from_entries([before] if before else []),
        at_s=NINE_O_CLOCK_S,
        most=most,
    )


def left(
    entries: list[EffectiveEntry], *additions: Entry, removed: tuple[Entry, ...] = ()
) -> list[EffectiveEntry]:
    return still_effective(
        entries,
        EntryTable.from_entries(additions),
        Identities.of((one.kind, one.pattern, one.action) for one in removed),
        at_s=NINE_O_CLOCK_S,
    )


def test_each_row_of_a_change_is_counted_once_by_what_it_is() -> None:
    found = effective_count(
        a_block(),
        a_block("+861700*"),
        an_entry("+8617000000002", Action.ALLOW),
        replace(a_block("+8617000000003"), mode=EntryMode.SHADOW),
        a_block("+8617000000004", expires_at=OVER),
        an_entry("+8617000000005"),
        a_block("shop.example/pay/"),
    )

    assert [one.pattern for one in found.entries] == [FRAUD, "+861700*"]
    assert found.rows == {
        EntryEffect.EFFECTIVE: 2,
        EntryEffect.ALLOW: 1,
        EntryEffect.SHADOW: 1,
        EntryEffect.EXPIRED: 1,
        EntryEffect.NO_FRAUD_TYPE: 1,
        EntryEffect.URL_PREFIX: 1,
    }


def test_of_a_pattern_that_is_there_twice_the_last_row_counts() -> None:
    found = effective_count(a_block(), replace(a_block(), campaign="star-river"))

    assert [one.campaign for one in found.entries] == ["star-river"]


def test_an_entry_that_blocked_before_does_not_become_effective_again() -> None:
    renewed = effective_count(a_block(), before=a_block())

    assert renewed.rows == {EntryEffect.ALREADY_EFFECTIVE: 1}
    # A shadow that is promoted, one that had ended, and one that now names a fraud do land.
    assert (
        effective_count(a_block(), before=replace(a_block(), mode=EntryMode.SHADOW)).effective_count
        == 1
    )
    assert effective_count(a_block(), before=a_block(expires_at=OVER)).effective_count == 1
    assert effective_count(a_block(), before=an_entry(FRAUD, expires_at=NEVER)).effective_count == 1


def test_beyond_the_limit_only_the_count_is_returned() -> None:
    found = effective_count(*(a_block(f"+861700000000{number}") for number in range(4)), most=3)

    assert (found.effective_count, found.entries) == (4, ())


def test_a_removed_lifted_or_shadowed_entry_is_no_longer_effective() -> None:
    entries = [EffectiveEntry.of(a_block()), EffectiveEntry.of(a_block("jf.example"))]

    assert left(entries, removed=(a_block(),)) == entries[1:]
    assert left(entries, an_entry("jf.example", Action.ALLOW)) == entries[:1]
    assert left(entries, replace(a_block(), mode=EntryMode.SHADOW)) == entries[1:]
    assert left(entries, a_block(expires_at=OVER)) == entries[1:]
    assert left(entries, an_entry(FRAUD, expires_at=NEVER)) == entries[1:]  # no fraud any more
    assert left(entries, a_block("+8617000000009")) == entries


def test_an_entry_removed_and_added_by_one_change_stays_effective() -> None:
    entries = [EffectiveEntry.of(a_block())]
    later = datetime(2027, 1, 1, tzinfo=UTC)

    now = replace(a_block(expires_at=later), campaign="star-river")
    found = left(entries, now, removed=(a_block(),))

    assert found == [replace(entries[0], expires_s=int(later.timestamp()), campaign="star-river")]


def a_backfill(*entries: Entry) -> PendingBackfill:
    return PendingBackfill(
        id="1",
        list_version=7,
        change_id=12,
        by="li",
        effective_at_ms=0,
        days=7,
        effective_count=len(entries),
        entries=tuple(map(EffectiveEntry.of, entries)),
    )


def test_a_backfill_without_entries_is_withdrawn_and_with_fewer_recounted() -> None:
    both = a_backfill(a_block(), a_block("jf.example"))

    none = both.with_entries([], why="gone", now_ms=5)
    one = both.with_entries(both.entries[:1], why="gone", now_ms=5)

    assert (none.state, none.why, none.ended_at_ms) == (PendingState.WITHDRAWN, "gone", 5)
    assert (one.state, one.count, len(one.entries)) == (PendingState.PENDING, None, 1)


def test_a_backfill_is_about_its_only_entry_or_about_the_change() -> None:
    kinds = {
        FRAUD: SubjectKind.NUMBER,
        "+861700*": SubjectKind.NUMBER,
        "JFBank": SubjectKind.SENDER,
        "jf.example": SubjectKind.LINK,
        FINGERPRINT: SubjectKind.TEXT,
    }

    assert {one: a_backfill(a_block(one)).subject for one in kinds} == {
        pattern: (kind.value, pattern) for pattern, kind in kinds.items()
    }
    assert a_backfill(*map(a_block, kinds)).subject == (CHANGE, "change:12")
