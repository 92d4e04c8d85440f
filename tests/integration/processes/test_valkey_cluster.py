"""The service on a Valkey cluster of six nodes, while a primary fails and while slots move."""

import asyncio
import itertools
import signal
import time
from collections.abc import Callable, Iterator, Sequence
from contextlib import contextmanager
from threading import Event, Thread

import grpc
import pytest
import redis

from blocklists.store.store import CHANGES as LIST_CHANGES
from fanzha.client import channels
from fanzha.errors import Unavailable
from fanzha.v1 import (
    appeal_pb2,
    appeal_pb2_grpc,
    blocklist_pb2_grpc,
    decision_pb2,
    feedback_pb2,
    feedback_pb2_grpc,
    interception_pb2,
    interception_pb2_grpc,
)
from infra.clock import now_ms
from infra.redis.client import connect, execute_synced, within
from infra.redis.consumer_group import StreamEntry
from infra.redis.dead_letters import DeadLetters
from services.changes.store import LOCKS as CHANGE_REQUESTS
from services.decision.related.scripts import PREFIX as GRAPH
from services.decision.sinks.hit_store import CONFIRMED
from services.warning.cases.model import Case, CaseState
from services.warning.cases.store import CaseStore
from services.warning.dispatch.outbox_relay import OutboxRelay, PlainComposer
from services.warning.keys import DEAD_LETTERS, OUTCOMES
from tests.support import list_client
from tests.support.processes import (
    NO_CASCADE,
    NO_CONSOLE,
    PATIENCE_SECONDS,
    Running,
    eventually,
    fanzha_up,
    run,
)
from tests.support.valkey_cluster import ClusterNode, ValkeyCluster, valkey_cluster

CALLEE = "+8619900000001"
DEADLINE = 60
BUSY = {grpc.StatusCode.RESOURCE_EXHAUSTED}
"""What a worker answers on a machine that is far behind, whatever the store does."""
AGAIN = {grpc.StatusCode.UNAVAILABLE, grpc.StatusCode.ABORTED, *BUSY}
"""What changes may answer meanwhile. Aborted: lists here had what the store then lost."""
PAUSE_SECONDS = 0.01
"""Between requests of a load: it is to go on all the time, not to use a core."""


@pytest.fixture(scope="module")
def cluster(tmp_path_factory: pytest.TempPathFactory) -> Iterator[ValkeyCluster]:
    with valkey_cluster(tmp_path_factory.mktemp("cluster")) as running:
        yield running


@pytest.fixture(scope="module")
def service(cluster: ValkeyCluster, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    settings = {**NO_CASCADE, **NO_CONSOLE, "FANZHA_REDIS_URL": cluster.url}
    with fanzha_up(tmp_path_factory.mktemp("service"), workers=1, **settings) as running:
        yield running


@pytest.fixture
def whole(cluster: ValkeyCluster) -> Iterator[ValkeyCluster]:
    yield cluster
    for node in cluster.nodes:
        if node.process is not None and node.process.poll() is not None:
            node.start()
    eventually(cluster.whole)


class Repeated:
    """Does something over and over in a thread; keeps what was acknowledged."""

    def __init__(self, target: str, do: "Callable[[grpc.Channel, int], str]") -> None:
        self.acknowledged = list[str]()
        self.refused = list[grpc.StatusCode]()
        self.failure: Exception | None = None
        self._stop = Event()
        self._thread = Thread(target=self._run, args=(target, do))

    def __enter__(self) -> "Repeated":
        self._thread.start()
        return self

    def __exit__(self, *_: object) -> None:
        self._stop.set()
        self._thread.join()

    def goes_on(self) -> None:
        """Wait until two more are acknowledged: the second was asked for after this call."""
        wanted = len(self.acknowledged) + 2
        eventually(lambda: len(self.acknowledged) >= wanted or self.failure is not None)
        assert self.failure is None

    def _run(self, target: str, do: "Callable[[grpc.Channel, int], str]") -> None:
        with channels.blocking(target) as channel:
            for number in itertools.count(1):
                if self._stop.wait(PAUSE_SECONDS):
                    return
                try:
                    if done := do(channel, number):
                        self.acknowledged.append(done)
                except grpc.RpcError as error:
                    self.refused.append(error.code())
                except Exception as error:
                    self.failure = error
                    return


def decide(channel: grpc.Channel, caller: str) -> decision_pb2.Decision:
    call = interception_pb2.Call(caller=caller, callee=CALLEE)
    stub = interception_pb2_grpc.InterceptionServiceStub(channel)
    request = interception_pb2.DecideCallRequest(call=call)
    return stub.DecideCall(request, timeout=DEADLINE).decision


def decide_any(channel: grpc.Channel, number: int) -> str:
    return str(decide(channel, f"+86170000{number % 1000:05}").decision_id)


def block_numbers(prefix: int) -> "Callable[[grpc.Channel, int], str]":
    def block(channel: grpc.Channel, number: int) -> str:
        pattern = f"+86171{prefix:03}{number:05}"
        list_client.update(
            blocklist_pb2_grpc.BlocklistServiceStub(channel), list_client.entry(pattern)
        )
        return pattern

    return block


def confirm_forged(channel: grpc.Channel, number: int) -> str:
    """Block a call by a rule, and confirm it; return its id if that is on two disks."""
    forged = interception_pb2.Call(
        caller=f"+86172{number:08}", callee=CALLEE, ingress=interception_pb2.INGRESS_INTERNATIONAL
    )
    request = interception_pb2.DecideCallRequest(call=forged)
    stub = interception_pb2_grpc.InterceptionServiceStub(channel)
    decision = stub.DecideCall(request, timeout=DEADLINE).decision
    hit = feedback_pb2.ConfirmHitRequest(decision_id=decision.decision_id, confirmed_by="li")
    hit.traffic.channel = decision_pb2.CHANNEL_CALL
    hit.traffic.from_party, hit.traffic.to_party = forged.caller, forged.callee
    answer = feedback_pb2_grpc.FeedbackServiceStub(channel).ConfirmHit(hit, timeout=DEADLINE)
    synced = answer.durability == feedback_pb2.DURABILITY_SYNCED
    return str(decision.decision_id) if synced else ""


def confirmed(cluster: ValkeyCluster) -> set[str]:
    """Return the decisions that the stream of confirmed hits has."""
    primary = cluster.primary_of(CONFIRMED)
    with redis.Redis(port=primary.port, decode_responses=True) as client:
        return {hit["decision_id"] for _place, hit in client.xrange(CONFIRMED)}


def cases(service: Running) -> list[str]:
    """Return the open cases, a JSON object each."""
    found = run("cases", "list", "--json", FANZHA_WARNING_TARGET=service.warning)
    return found.stdout.splitlines()


def all_blocked(service: Running, patterns: list[str]) -> bool:
    with channels.blocking(service.interception) as channel:
        return all(
            decide(channel, pattern).action == decision_pb2.ACTION_BLOCK for pattern in patterns
        )


def test_the_service_works_on_a_cluster(service: Running, cluster: ValkeyCluster) -> None:
    with channels.blocking(service.admin) as channel:
        pattern = block_numbers(0)(channel, 1)
    eventually(lambda: all_blocked(service, [pattern]))
    with channels.blocking(service.interception) as channel:
        decision = decide(channel, pattern)

    with channels.blocking(service.admin) as channel:
        request = appeal_pb2.OpenAppealRequest(
            pattern=pattern, appellant="Li", contact="li@shop.example", grounds="mine"
        )
        appeal = appeal_pb2_grpc.AppealServiceStub(channel).OpenAppeal(request, timeout=DEADLINE)

    assert decision.pattern == pattern
    assert appeal.appeal.appeal_id
    eventually(lambda: str(decision.decision_id) in confirmed(cluster))
    eventually(lambda: bool(cases(service)))


def test_what_was_acknowledged_survives_the_loss_of_a_primary_under_load(
    service: Running, whole: ValkeyCluster
) -> None:
    lost = whole.primary_of(LIST_CHANGES)
    with (
        Repeated(service.interception, decide_any) as decisions,
        Repeated(service.admin, block_numbers(1)) as blocks,
        Repeated(service.interception, confirm_forged) as hits,
    ):
        for load in (decisions, blocks, hits):
            load.goes_on()

        lost.kill()

        eventually(lambda: whole.primary_of(LIST_CHANGES) is not lost)
        decisions.goes_on()
        # The only replica is a primary now: until it has one, nothing is promised.
        lost.start()
        for load in (decisions, blocks, hits):
            load.goes_on()

    assert set(decisions.refused) <= BUSY
    assert {*blocks.refused, *hits.refused} <= AGAIN
    eventually(lambda: all_blocked(service, blocks.acknowledged))
    assert set(hits.acknowledged) <= confirmed(whole)


def test_nothing_acknowledged_is_lost_while_slots_move(
    service: Running, whole: ValkeyCluster
) -> None:
    with (
        Repeated(service.interception, decide_any) as decisions,
        Repeated(service.admin, block_numbers(2)) as blocks,
        Repeated(service.interception, confirm_forged) as hits,
    ):
        for key in (LIST_CHANGES, CHANGE_REQUESTS, CONFIRMED, GRAPH):
            whole.move_slot(key, another(whole, key), lambda: time.sleep(0.002))
            for load in (decisions, blocks, hits):
                load.goes_on()

    assert set(decisions.refused) <= BUSY
    assert {*blocks.refused, *hits.refused} <= AGAIN
    eventually(lambda: all_blocked(service, blocks.acknowledged))
    assert set(hits.acknowledged) <= confirmed(whole)


async def test_what_a_repeated_script_finds_done_waits_for_replicas_of_each_slot(
    whole: ValkeyCluster,
) -> None:
    client = connect(whole.url)
    keys = ("fanzha:{once}:of", "fanzha:{twice}:of", "fanzha:whole")
    script = "return redis.call('SET', KEYS[1], 'v', 'NX') and 'new' or 'known'"
    for key in keys:
        await client.eval(script, 1, key)

    async def repeated() -> tuple[list[object], bool]:
        pipeline = client.pipeline(transaction=False)
        for key in keys:
            pipeline.eval(script, 1, key)
        async with within(PATIENCE_SECONDS):
            return await execute_synced(client, pipeline)

    # A replica on a busy machine may need longer than a write waits for it.
    async with asyncio.timeout(PATIENCE_SECONDS):
        while not (held := await repeated())[1]:
            pass
    with replica_stopped(whole, keys[0]):
        not_held = await repeated()
    await client.aclose()

    assert held == (["known"] * 3, True)
    assert not_held == (["known"] * 3, False)


async def test_what_is_handed_to_another_slot_is_not_acknowledged_before_a_replica_has_it(
    whole: ValkeyCluster,
) -> None:
    client = connect(whole.url)
    relay = OutboxRelay(client=client, store=OneCase(), composer=PlainComposer(), now_ms=now_ms)
    letters = DeadLetters(client, DEAD_LETTERS)
    task = StreamEntry(id="1-0", fields={"task": "outcome 1"})

    with replica_stopped(whole, OUTCOMES), pytest.raises(Unavailable, match="not confirmed"):
        await relay.handle([task])
    with replica_stopped(whole, DEAD_LETTERS), pytest.raises(Unavailable, match="not confirmed"):
        await letters.put(
            stream="fanzha:one", place="1-0", fields={}, reason="none", tries=1, at_ms=1
        )
    await relay.handle([task])
    # The service of other tests here takes it out at once, so the stream's own count is asked.
    handed_over = (await client.xinfo_stream(OUTCOMES))["entries-added"]
    await client.aclose()

    assert handed_over == 1


class OneCase(CaseStore):
    """Has a case, whatever is asked for."""

    def __init__(self) -> None: ...

    async def find(self, case_ids: Sequence[str]) -> list[Case | None]:
        return [
            Case(
                id=one, victim="+8617000000001", campaign="number:+8619900000001", round=1,
                state=CaseState.CLOSED, opened_at_ms=1, occurred_at_ms=1, changed_at_ms=1,
                revision=1,
            )
            for one in case_ids
        ]  # fmt: skip


@contextmanager
def replica_stopped(cluster: ValkeyCluster, key: str) -> Iterator[None]:
    """Stop the replica of the node that serves a key."""
    primary = cluster.primary_of(key)
    roles = [(node, node.ask("ROLE")) for node in cluster.nodes]
    replica = next(node for node, role in roles if role[0] == "slave" and role[2] == primary.port)
    assert replica.process is not None
    replica.process.send_signal(signal.SIGSTOP)
    try:
        yield
    finally:
        replica.process.send_signal(signal.SIGCONT)


async def test_commands_find_keys_of_a_slot_that_is_half_moved(cluster: ValkeyCluster) -> None:
    keys = [f"fanzha:{{moving}}:{number}" for number in range(20)]
    client = connect(cluster.url)
    for key in keys:
        await client.set(key, key)
    answers = list[list[object]]()
    loop = asyncio.get_running_loop()

    async def read(key: str) -> None:
        pipeline = client.pipeline(transaction=False)
        pipeline.get(key)
        answers.append([await client.get(key), *await pipeline.execute()])

    async def read_all() -> None:
        # At once, so that there are several connections to a node, and each is asked in turn.
        await asyncio.gather(*map(read, keys))

    await asyncio.to_thread(
        cluster.move_slot,
        keys[0],
        another(cluster, keys[0]),
        lambda: asyncio.run_coroutine_threadsafe(read_all(), loop).result(PATIENCE_SECONDS),
    )
    await client.aclose()

    assert len(answers) == len(keys) ** 2
    assert all(one == other for one, other in answers)
    assert {one for one, _ in answers} == set(keys)


def another(cluster: ValkeyCluster, key: str) -> ClusterNode:
    """Return a primary that does not serve a key."""
    return next(one for one in cluster.primaries() if one is not cluster.primary_of(key))
