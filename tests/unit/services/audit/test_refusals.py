"""Who was turned away is on record, and a flood of them is counted instead."""

from collections.abc import Mapping

from fanzha.errors import NotAllowed, Unauthenticated, Unavailable
from services.audit.events import AuditKind
from services.audit.refusals import MAX_KINDS, WINDOW_SECONDS, RefusalRecorder
from services.auth.identity import Identity, acting_as

METHOD = "/fanzha.v1.BlocklistService/UpdateEntries"
WANG = Identity(name="wang", roles=frozenset())


class Clock:
    """A clock that stands until it is moved."""

    def __init__(self) -> None:
        self.now = 0.0

    def __call__(self) -> float:
        return self.now


class Kept:
    """An audit log in memory; full, it takes nothing."""

    def __init__(self) -> None:
        self.records: list[tuple[AuditKind, str, str, dict[str, str]]] = []
        self.full = False

    async def record(
        self, kind: AuditKind, *, subject: str, details: Mapping[str, str], actor: str = ""
    ) -> None:
        if self.full:
            raise Unavailable("the disk is full")
        self.records.append((kind, subject, actor, dict(details)))

    @property
    def times(self) -> int:
        return sum(int(details["times"]) for *_, details in self.records)


def some(refusals: RefusalRecorder, times: int, peer: str = "ipv4:10.0.0.1:50000") -> None:
    for _ in range(times):
        refusals.count(METHOD, peer, Unauthenticated("token: expired"))


async def test_the_first_is_written_at_once() -> None:
    audit = Kept()
    refusals = RefusalRecorder(audit, clock=Clock())

    some(refusals, 1)
    await refusals.write()

    assert audit.records == [
        (
            AuditKind.LOGIN_FAILED,
            "method:BlocklistService/UpdateEntries",
            "unknown",
            {"peer": "10.0.0.1", "why": "token: expired", "times": "1"},
        )
    ]


async def test_authenticated_identities_are_named() -> None:
    audit = Kept()
    refusals = RefusalRecorder(audit, clock=Clock())

    with acting_as(WANG):
        refusals.count(METHOD, "ipv6:[::1]:50000", NotAllowed("no editor"))
    await refusals.write()

    [(kind, _, actor, details)] = audit.records
    assert (kind, actor, details["peer"]) == (AuditKind.REFUSED, "wang", "[::1]")


async def test_refusals_recorded_elsewhere_in_detail_are_only_counted() -> None:
    audit = Kept()
    refusals = RefusalRecorder(audit, clock=Clock())
    error = NotAllowed("your own change")
    error.on_record = True

    refusals.count(METHOD, "ipv4:10.0.0.1:1", error)
    await refusals.write(last=True)

    assert (audit.records, refusals.total) == ([], 1)


async def test_repeats_are_counted_and_written_at_the_end_of_the_window() -> None:
    audit, clock = Kept(), Clock()
    refusals = RefusalRecorder(audit, clock=clock)

    for port in range(1000):
        some(refusals, 1, f"ipv4:10.0.0.1:{port}")
        await refusals.write()
    assert len(audit.records) == 1
    clock.now += WINDOW_SECONDS
    await refusals.write()

    assert [details["times"] for *_, details in audit.records] == ["1", "999"]


async def test_a_flood_of_ever_new_kinds_is_one_count() -> None:
    audit, clock = Kept(), Clock()
    refusals = RefusalRecorder(audit, clock=clock)

    for host in range(5000):
        some(refusals, 1, f"ipv4:10.0.{host // 250}.{host % 250}:1")
        await refusals.write()
    await refusals.write(last=True)

    assert len(audit.records) == MAX_KINDS + 1
    assert audit.times == refusals.total == 5000


async def test_the_next_window_starts_from_zero() -> None:
    audit, clock = Kept(), Clock()
    refusals = RefusalRecorder(audit, clock=clock)
    some(refusals, 1)
    await refusals.write()
    clock.now += WINDOW_SECONDS
    await refusals.write()

    some(refusals, 1)
    await refusals.write()

    assert len(audit.records) == 2


async def test_a_minute_begins_with_a_refusal_however_long_there_was_none() -> None:
    audit, clock = Kept(), Clock()
    refusals = RefusalRecorder(audit, clock=clock)
    clock.now += WINDOW_SECONDS - 1
    some(refusals, 1)
    await refusals.write()
    clock.now += 2
    some(refusals, 1)
    await refusals.write()

    assert audit.times == 1, "the second is written at the end of the minute"


async def test_a_failing_audit_log_ends_no_request() -> None:
    audit = Kept()
    audit.full = True
    refusals = RefusalRecorder(audit, clock=Clock())

    some(refusals, 3)
    await refusals.write(last=True)

    assert refusals.total == 3
