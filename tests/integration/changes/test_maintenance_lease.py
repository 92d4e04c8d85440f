"""Several processes of list administration: one maintains change requests at a time."""

from collections.abc import Callable, Iterator
from contextlib import ExitStack
from pathlib import Path

import pytest
import redis

from infra.clock import now_ms
from services.auth.identity import acting_as
from services.changes.store import EMERGENCIES, MAINTENANCE
from tests.support.audit_logs import records_of
from tests.support.builders import an_entry
from tests.support.change_desk import LI, a_draft, change_desk
from tests.support.processes import Process, eventually, role

DAY_MS = 86_400_000


@pytest.fixture
def hosts(tmp_path: Path, redis_url: str) -> Iterator[dict[Path, Process]]:
    """Two hosts that administer the same lists, each with an audit log of its own."""
    with ExitStack() as running:
        found = dict[Path, Process]()
        for name in ("one", "two"):
            folder = tmp_path / name
            folder.mkdir()
            settings = {"FANZHA_REDIS_URL": redis_url, "FANZHA_METRICS_ENABLED": "false"}
            found[folder] = running.enter_context(role("admin", folder, **settings))
        yield found


def holder(store: redis.Redis, hosts: dict[Path, Process]) -> Path | None:
    """Return the host whose process has the lease."""
    name = str(store.get(MAINTENANCE) or "")
    pids = {str(process.pid): at for at, process in hosts.items()}
    return pids.get(name.rsplit("-", 2)[-2]) if name else None


async def test_another_process_takes_over_when_the_one_that_maintains_requests_is_killed(
    tmp_path: Path, redis_url: str, hosts: dict[Path, Process]
) -> None:
    store = redis.Redis.from_url(redis_url, decode_responses=True)

    async def emergency(number: int) -> Callable[[], dict[Path, int]]:
        """Apply an emergency that has expired; return what counts the records of that."""
        async with change_desk(redis_url, tmp_path / f"desk-{number}") as desk:
            desk.clock[0] = now_ms() - 2 * DAY_MS
            with acting_as(LI):
                draft = a_draft(an_entry(f"+861700000{number}*"))
                done = await desk.changes.submit_and_apply(draft, emergency_why="under attack")
        assert done.record is not None
        subject = done.record.subject
        return lambda: {
            host: sum(
                (one.kind, one.subject) == ("emergency_expired", subject)
                for file in (host / "audit").glob("audit-*.jsonl")
                for one in records_of(file)
            )
            for host in hosts
        }

    eventually(lambda: holder(store, hosts) is not None)
    before = await emergency(1)
    # Its record comes before its end in the store: killed in between, both would be on record.
    eventually(lambda: not store.zcard(EMERGENCIES))
    (first,) = (host for host, records in before().items() if records)
    (other,) = set(hosts) - {first}
    hosts[first].kill()
    after = await emergency(2)
    eventually(lambda: not store.zcard(EMERGENCIES))
    eventually(lambda: holder(store, hosts) == other)
    store.close()

    assert before() == {first: 1, other: 0}
    assert after() == {first: 0, other: 1}
