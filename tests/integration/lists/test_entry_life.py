"""Entries due for review, dead or counted: the commands, gRPC, and hits in a real store."""

import asyncio
import json
import time
from collections.abc import AsyncIterator
from contextlib import asynccontextmanager
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import grpc
import numpy as np
import pytest

from blocklists.entries import EntryMode
from blocklists.snapshot.snapshot import Snapshot
from fanzha.v1 import blocklist_pb2 as pb
from fanzha.v1 import decision_pb2
from infra.redis.client import connect
from services.lists.hit_count_retention import HitCountRetention
from services.lists.hit_count_store import EntryHitStore, name_hashes
from services.lists.hit_counter import EntryHitSummary, HitCounts
from tests.support.builders import NINE_O_CLOCK_MS, NINE_O_CLOCK_S, an_entry
from tests.support.list_client import ListClock, Run, a_shadow, entry, find, outcomes, update

DAY_S = 86_400


@asynccontextmanager
async def hit_store(url: str) -> AsyncIterator[EntryHitStore]:
    client = connect(url)
    try:
        yield EntryHitStore(client)
    finally:
        await client.aclose()


def count_hits(url: str, counts: dict[str, int], last_s: int, now_s: int) -> None:
    async def add() -> None:
        async with hit_store(url) as store:
            await store.add(HitCounts(dict(counts), last_s), now_s)

    asyncio.run(add())


@pytest.fixture
def url(request: pytest.FixtureRequest, kind: str) -> str:
    found: str = request.getfixturevalue(kind)
    return found


@pytest.mark.parametrize("kind", ["redis_url", "cluster_url"])
async def test_hits_add_up_and_the_latest_stays(url: str, kind: str) -> None:
    async with hit_store(url) as store:
        waiting = HitCounts({f"n{number:015d}": number + 1 for number in range(1000)}, 50)
        await store.add(waiting, 40)
        await store.add(HitCounts({"n000000000000007": 2}, 45), 60)

        found = await store.read(["n000000000000007", "n000000000000999", "unknown"])

        assert waiting.counts == {}
        assert found == {
            "n000000000000007": EntryHitSummary(10, 50),
            "n000000000000999": EntryHitSummary(1000, 50),
        }
        assert await store.counted_since_s() == 40
        assert await store.read([]) == {}


async def test_old_hits_of_removed_entries_are_dropped(
    redis_url: str,
) -> None:
    retained, gone = an_entry("+8617000000001"), an_entry("+8617000000002")
    snapshot = Snapshot.build(
        1, [retained, replace(an_entry("bank.example"), mode=EntryMode.SHADOW)]
    )
    lately = NINE_O_CLOCK_S - 60
    async with hit_store(redis_url) as store:
        await store.add(HitCounts({retained.entry_id: 1, gone.entry_id: 1}, lately - DAY_S), 1)
        await store.add(HitCounts({"n-just-added": 1}, lately), 1)

        dropped = await HitCountRetention(
            store, lambda: snapshot, lambda: NINE_O_CLOCK_MS
        ).forget_gone()

        names = [retained.entry_id, gone.entry_id, "n-just-added"]
        assert (dropped, set(await store.read(names))) == (1, {retained.entry_id, "n-just-added"})


async def test_without_entries_all_old_hits_are_dropped(redis_url: str) -> None:
    async with hit_store(redis_url) as store:
        await store.add(HitCounts({"a": 1, "b": 1}, 5), 1)

        assert await store.forget_others(name_hashes([]), 6) == 2
        assert await store.forget_others(np.sort(name_hashes(["c"])), 6) == 0


def test_an_entry_shows_its_hits(stub: Any, run: Run, redis_url: str) -> None:
    update(stub, entry("+8617000000001"), entry("+8617000000002"))
    (listed,) = find(stub, "+8617000000001").entries
    assert (listed.HasField("hits"), listed.hits) == (True, 0)

    count_hits(redis_url, {listed.entry_id: 41}, NINE_O_CLOCK_S, NINE_O_CLOCK_S)

    (listed,) = find(stub, "+8617000000001").entries
    assert (listed.hits, listed.last_hit_at_s) == (41, NINE_O_CLOCK_S)
    listing = json.loads(run("list", "--json").output)
    assert {one["pattern"]: one["hits"] for one in listing} == {
        "+8617000000001": "41", "+8617000000002": "0",
    }  # fmt: skip
    shown = run("show", "+8617000000001").output
    assert "41, about" in shown
    assert "2026-01-05" in shown


def add_due_entries(stub: Any) -> None:
    """Add one that ends on each of seven days, one for review on the second, and one without."""
    days = range(1, 8)
    update(
        stub,
        *(entry(f"+861700000010{n}", expires_at_s=NINE_O_CLOCK_S + n * DAY_S) for n in days),
        entry(
            "bank.example",
            review_at_s=NINE_O_CLOCK_S + 2 * DAY_S + 1,
            source=decision_pb2.SOURCE_CARRIER,
        ),
        entry("far.example"),
    )


def test_due_entries_are_paged_the_earliest_first(stub: Any, run: Run, clock: ListClock) -> None:
    add_due_entries(stub)
    clock.now_s += DAY_S  # the first has ended
    pages: list[list[str]] = []
    request = pb.ListDueRequest(within_s=4 * DAY_S, page_size=2)
    while True:
        answer = stub.ListDue(request)
        pages.append([one.entry.pattern for one in answer.entries])
        request.page_token = answer.next_page_token
        if not request.page_token:
            break

    assert pages == [
        ["+8617000000102", "bank.example"],
        ["+8617000000103", "+8617000000104"],
        ["+8617000000105"],
    ]
    assert answer.ended == 1
    assert {(one.source, one.reason, one.entries) for one in answer.counts} == {
        (decision_pb2.SOURCE_BUREAU, pb.DUE_REASON_ENDS, 4),
        (decision_pb2.SOURCE_CARRIER, pb.DUE_REASON_REVIEW, 1),
    }
    clock.now_s += 2 * DAY_S + 1
    output = json.loads(run("due", "--within", "1d", "--source", "carrier", "--json").output)
    assert [(one["entry"]["pattern"], one["reason"]) for one in output["entries"]] == [
        ("bank.example", "review_overdue")
    ]
    shown = run("due", "--within", "14d", "--limit", "1").output
    assert "review overdue" in shown
    assert "1 of 5 shown" in shown


def test_pages_of_due_entries_use_the_list_version_of_the_first_page(
    stub: Any, clock: ListClock
) -> None:
    soon = NINE_O_CLOCK_S + DAY_S
    update(stub, *(entry(f"+861700000010{n}", expires_at_s=soon) for n in range(3)))
    first = stub.ListDue(pb.ListDueRequest(page_size=1))
    token = first.next_page_token
    update(stub, entry("bank.example", expires_at_s=soon), removals=[
        pb.EntryRef(pattern="+8617000000101"),
    ])  # fmt: skip
    clock.now_s += 5

    rest = stub.ListDue(pb.ListDueRequest(page_token=token))

    patterns = [one.entry.pattern for one in (*first.entries, *rest.entries)]
    assert sorted(patterns) == [f"+861700000010{n}" for n in range(3)]
    assert rest.version == first.version
    for _ in range(5):
        clock.now_s += 1
        stub.ListDue(pb.ListDueRequest())
    with pytest.raises(grpc.RpcError, match="start again"):
        stub.ListDue(pb.ListDueRequest(page_token=token))
    with pytest.raises(grpc.RpcError, match="page_token"):
        stub.ListDue(pb.ListDueRequest(page_token=token.replace(".", ",")))


def test_dead_entries_are_those_without_a_hit_since_they_were_added(
    stub: Any, run: Run, clock: ListClock, redis_url: str
) -> None:
    update(stub, entry("+8617000000001"), entry("+8617000000002"), entry("+8617000000003"))
    count_hits(redis_url, {"other": 1}, NINE_O_CLOCK_S, NINE_O_CLOCK_S)  # counting begins
    clock.now_s += 100 * DAY_S
    (hit,) = find(stub, "+8617000000001").entries
    count_hits(redis_url, {hit.entry_id: 1}, clock.now_s, clock.now_s)
    update(stub, entry("bank.example"))

    assert not stub.ListDead(pb.ListDeadRequest(days=100)).entries
    clock.now_s += DAY_S
    first = stub.ListDead(pb.ListDeadRequest(days=100, page_size=1))
    rest = stub.ListDead(pb.ListDeadRequest(days=100, page_token=first.next_page_token))

    dead = [one.pattern for one in (*first.entries, *rest.entries)]
    assert (len(first.entries), sorted(dead)) == (1, ["+8617000000002", "+8617000000003"])
    assert first.examined < rest.examined == first.total == rest.total == 3
    assert not rest.next_page_token
    output = json.loads(run("dead", "--days", "100", "--json").output)
    assert [one["pattern"] for one in output["entries"]] == dead


def test_no_entry_is_dead_before_hits_were_counted_for_long_enough(
    stub: Any, run: Run, clock: ListClock, redis_url: str
) -> None:
    clock.now_s = int(time.time())  # the command has no other clock
    update(stub, entry("+8617000000001"))
    # The command says how long that is by its own clock.
    clock.now_s = int(time.time())
    count_hits(redis_url, {"other": 1}, clock.now_s, clock.now_s - DAY_S)

    answer = stub.ListDead(pb.ListDeadRequest(days=180))

    assert (len(answer.entries), answer.total) == (0, 0)
    assert answer.counted_since_s == clock.now_s - DAY_S
    assert "too short" in run("dead").output


def test_dead_entries_are_removed_only_when_proposed(
    stub: Any, run: Run, clock: ListClock, redis_url: str
) -> None:
    update(stub, entry("+8617000000001"), entry("+8617000000002"))
    count_hits(redis_url, {"other": 1}, NINE_O_CLOCK_S, NINE_O_CLOCK_S)
    clock.now_s += 200 * DAY_S

    assert len(json.loads(run("dead", "--json").output)["entries"]) == 2
    assert len(find(stub, "+8617000000001").entries) == 1
    done = run("dead", "--propose", "--by", "wang")

    assert done.exit_code == 0, done.output
    assert "change 2 proposes to remove 2 entries; it waits for fanzha changes apply 2" in (
        done.output
    )
    assert len(find(stub, "+8617000000001").entries) == 1


def test_an_entry_that_matched_meanwhile_is_not_proposed_for_removal(
    stub: Any, clock: ListClock, redis_url: str
) -> None:
    update(stub, entry("+8617000000001"), entry("+8617000000002"))
    count_hits(redis_url, {"other": 1}, NINE_O_CLOCK_S, NINE_O_CLOCK_S)
    clock.now_s += 200 * DAY_S
    dead = stub.ListDead(pb.ListDeadRequest()).entries
    count_hits(redis_url, {dead[0].entry_id: 1}, clock.now_s, clock.now_s)
    names = [pb.EntryRef(pattern=one.pattern, action=one.action) for one in dead]

    answer = stub.ProposeRetirement(
        pb.ProposeRetirementRequest(
            entries=[*names, pb.EntryRef(pattern="bank.example")], author="li", reason="unused"
        )
    )

    assert outcomes(answer.entries) == ["REFUSED", "REMOVED", "ABSENT"]
    assert answer.change_id > 0


def test_an_entry_without_an_end_needs_a_review(stub: Any, run: Run) -> None:
    common = ("--source", "bureau", "--reason", "court order")

    refused = run("add", "bank.example", "--expires", "never", *common)
    done = run("add", "bank.example", "--expires", "never", "--review", "90d", *common)

    assert (refused.exit_code, done.exit_code) == (1, 0)
    assert "needs a date of review" in refused.output
    (listed,) = find(stub, "bank.example").entries
    assert listed.no_end
    assert listed.review_at_s > 0
    assert "never" in run("list").output


def test_an_import_reports_entries_that_get_the_default_term_instead_of_no_end(
    run: Run, tmp_path: Path
) -> None:
    file, review = tmp_path / "list.csv", datetime.now(UTC).date() + timedelta(days=60)
    file.write_text(f"号码,有效期,复核日期\n17000000001,永久,\n17000000002,永久,{review}\n")

    done = run("import", str(file), "--source", "province", "--by", "li")

    assert done.exit_code == 0, done.output
    assert "1 rows ask for no end" in done.output
    listing = json.loads(run("list", "--json").output)
    assert {one["pattern"]: one["no_end"] for one in listing} == {
        "+8617000000001": False, "+8617000000002": True,
    }  # fmt: skip


def test_an_export_with_reviews_and_shadows_can_be_imported_again(
    stub: Any, run: Run, tmp_path: Path
) -> None:
    update(
        stub,
        entry("bank.example", no_end=True, review_at_s=2_000_000_000),
        entry("+86170*", mode=pb.ENTRY_MODE_SHADOW),
    )
    before = run("export").output
    file = tmp_path / "list.csv"
    file.write_text(before)

    done = run("import", str(file), "--by", "li")

    assert done.exit_code == 0, done.output
    assert run("export").output == before


def test_renewing_an_entry_changes_its_dates_only(stub: Any, run: Run) -> None:
    update(
        stub,
        entry("bank.example", review_at_s=NINE_O_CLOCK_S + DAY_S, created_by="wang"),
        a_shadow("+8617000000001"),
    )

    done = run(
        "renew", "bank.example", "+8617000000001", "--review", "2030-01-01", "--expires", "never",
        "--reason", "looked at it",
    )  # fmt: skip

    assert done.exit_code == 0, done.output
    (host,), (number,) = find(stub, "bank.example").entries, find(stub, "+8617000000001").entries
    assert (host.no_end, host.reason, host.created_by) == (True, "reported", "wang")
    assert host.review_at_s == number.review_at_s > NINE_O_CLOCK_S + DAY_S
    assert number.mode == pb.ENTRY_MODE_SHADOW
    assert not stub.ListDue(pb.ListDueRequest(within_s=30 * DAY_S)).entries


def test_renewing_an_entry_without_end_needs_a_review_date(stub: Any, run: Run) -> None:
    update(stub, entry("bank.example"))

    refused = run("renew", "bank.example", "--expires", "never", "--reason", "looked at it")
    silent = run("renew", "bank.example", "--reason", "looked at it")

    assert refused.exit_code == 2
    assert "needs a date of review" in refused.output
    assert not find(stub, "bank.example").entries[0].no_end
    assert silent.exit_code == 2
