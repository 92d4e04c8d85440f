"""Copies of the lists at the edge: kept by differences over a real socket and a real store."""

import asyncio
import hashlib
from collections.abc import Awaitable, Callable, Iterator
from dataclasses import dataclass
from pathlib import Path
from typing import Any, TypeVar

import pytest
import redis

from blocklists.entries import EntryKind
from fanzha.client import ListMirror, MirrorChange, MirrorMismatch, RequestFailed
from fanzha.client.channels import blocking
from fanzha.edge.entry import EdgeEntry, EdgeKind
from fanzha.v1 import blocklist_pb2 as lists_pb
from fanzha.v1 import blocklist_pb2_grpc, decision_pb2, list_update_pb2_grpc
from fanzha.v1 import list_update_pb2 as pb
from services.processes.embedded_valkey import EmbeddedValkey
from tests.support.builders import NINE_O_CLOCK_MS, NINE_O_CLOCK_S
from tests.support.list_admin import administering
from tests.support.list_client import a_shadow, entry, update
from tests.support.processes import run
from tests.support.unguarded_lists import EVIL_NAMES, MISSPELLED_NAMES, blocked, plant

Result = TypeVar("Result")


@dataclass
class Site:
    """List administration at work."""

    target: str
    redis_url: str
    stub: Any

    def add(self, *patterns: str, **fields: Any) -> None:
        update(self.stub, *(entry(pattern, **fields) for pattern in patterns), replace=True)

    def remove(self, *patterns: str) -> None:
        update(self.stub, removals=[lists_pb.EntryRef(pattern=pattern) for pattern in patterns])


@pytest.fixture(scope="module")
def site(valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    folder = tmp_path_factory.mktemp("lists")
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    with (
        administering(valkey.url, folder, lambda: NINE_O_CLOCK_MS) as target,
        blocking(target) as channel,
    ):
        yield Site(target, valkey.url, blocklist_pb2_grpc.BlocklistServiceStub(channel))


def mirroring(
    site: Site, work: Callable[[ListMirror], Awaitable[Result]], *kinds: EdgeKind, **options: Any
) -> Result:
    async def run() -> Result:
        async with ListMirror(site.target, kinds, **options) as mirror:
            return await work(mirror)

    return asyncio.run(run())


def patterns(mirror: ListMirror) -> set[tuple[str, str]]:
    return {
        (found.pattern, found.action)
        for lines in mirror.copy.lists.values()
        for found in map(EdgeEntry.read, lines)
    }


def test_a_copy_begins_whole_and_goes_on_by_differences(site: Site) -> None:
    site.add("one.whole.example", "+8617000000401")

    async def work(mirror: ListMirror) -> tuple[MirrorChange, MirrorChange]:
        first = await mirror.update()
        await asyncio.to_thread(site.add, "two.whole.example")
        await asyncio.to_thread(site.remove, "one.whole.example")
        second = await mirror.update(10)
        while len(second.edits) < 2:
            later = await mirror.update(10)
            second = MirrorChange(later.version, later.was_reset, {**second.edits, **later.edits})
        assert ("two.whole.example", "block") in patterns(mirror)
        assert ("one.whole.example", "block") not in patterns(mirror)
        return first, second

    first, second = mirroring(site, work)

    assert first.was_reset
    assert not second.was_reset
    assert {key: line is None for key, line in second.edits.items()} == {
        b"host\tone.whole.example\tblock\t": True,
        b"host\ttwo.whole.example\tblock\t": False,
    }


def test_a_line_says_what_an_edge_needs_and_no_notes(site: Site) -> None:
    site.add(
        "+8617000000402",
        direction=lists_pb.DIRECTION_FROM,
        fraud_type=decision_pb2.FRAUD_TYPE_FAKE_LOAN,
        reason="told by Mr Li",
        expires_at_s=NINE_O_CLOCK_S + 1000,
    )

    async def work(mirror: ListMirror) -> list[bytes]:
        await mirror.update()
        return list(mirror.copy.lists[EdgeKind.NUMBER].beginning_with(b"number\t+8617000000402\t"))

    (line,) = mirroring(site, work, EdgeKind.NUMBER)

    found = EdgeEntry.read(line)
    assert found.line() == line
    assert found[:6] == (
        "number", "+8617000000402", "block", "from", NINE_O_CLOCK_S + 1000, "fake_loan",
    )  # fmt: skip
    assert b"Li" not in line


def test_only_the_kinds_asked_for_are_copied(site: Site) -> None:
    site.add("kinds.example", "+8617000000403", "Evil Bank", "kinds.example/pay/")

    async def work(mirror: ListMirror) -> set[str]:
        await mirror.update()
        return {
            line.split(b"\t")[0].decode() for lines in mirror.copy.lists.values() for line in lines
        }

    assert mirroring(site, work, EdgeKind.HOST, EdgeKind.URL) == {"host", "url"}
    assert mirroring(site, work) >= {"host", "url", "number", "sender"}


def test_allow_entries_are_copied_but_shadows_are_not(site: Site) -> None:
    site.add("both.example", "ok.both.example")
    site.add("ok.both.example", action=decision_pb2.ACTION_ALLOW)
    update(site.stub, a_shadow("shadow.example"))

    async def work(mirror: ListMirror) -> set[tuple[str, str]]:
        await mirror.update()
        return patterns(mirror)

    found = mirroring(site, work)

    assert {
        ("both.example", "block"),
        ("ok.both.example", "allow"),
        ("ok.both.example", "block"),
    } <= found
    assert not [one for one in found if "shadow" in one[0]]


def test_what_nothing_may_block_is_left_out_even_if_the_store_holds_it(site: Site) -> None:
    planted = [
        *blocked(*EVIL_NAMES, *MISSPELLED_NAMES, kind=EntryKind.HOST),
        *blocked("110", "after.guard.example"),
    ]
    plant(site.redis_url, planted)

    async def work(mirror: ListMirror) -> set[str]:
        await mirror.update()
        while not (names := {pattern for pattern, _ in patterns(mirror)}) & {"after.guard.example"}:
            await mirror.update(10)
        return names

    found = mirroring(site, work)

    assert not found & {*EVIL_NAMES, *MISSPELLED_NAMES, "110"}


def test_hosts_above_names_of_others_act_alone(site: Site) -> None:
    plant(site.redis_url, blocked("amazonaws.com", "scopes.example"))

    async def work(mirror: ListMirror) -> dict[str, str]:
        await mirror.update()
        found = map(EdgeEntry.read, mirror.copy.lists[EdgeKind.HOST])
        return {one.pattern: one.scope for one in found}

    found = mirroring(site, work, EdgeKind.HOST)

    assert (found["amazonaws.com"], found["scopes.example"]) == ("exact", "below")


@pytest.mark.parametrize("token", ["nonsense", "1.0123456789ab", "999999.0123456789ab", "-1.x"])
def test_a_token_the_server_does_not_know_begins_the_copy_anew(site: Site, token: str) -> None:
    site.add("token.example")
    with blocking(site.target) as channel:
        stub: Any = list_update_pb2_grpc.ListUpdateServiceStub(channel)

        parts = list(stub.ComputeDiff(pb.ComputeDiffRequest(version_token=token)))

    assert {part.response_type for part in parts} == {pb.DIFF_TYPE_RESET}
    hosts = b"".join(part.additions for part in parts)
    assert b"host\ttoken.example\tblock\t" in hosts
    assert hosts == b"".join(sorted(hosts.splitlines(keepends=True)))
    (said,) = [one for one in parts[-1].checksums if one.kind == lists_pb.ENTRY_KIND_HOST]
    of_hosts = [one for one in hosts.splitlines(keepends=True) if one.startswith(b"host\t")]
    assert said.sha256 == hashlib.sha256(b"".join(of_hosts)).digest()
    assert said.entries == len(of_hosts)


def test_a_copy_that_is_not_what_it_should_be_is_discarded(site: Site) -> None:
    site.add("damaged.example")

    async def work(mirror: ListMirror) -> tuple[int, bool]:
        await mirror.update()
        hosts = mirror.copy.lists[EdgeKind.HOST]
        mirror.copy.lists[EdgeKind.HOST] = hosts.changed(  # type: ignore[index]
            {b"host\tdamaged.example\tblock\t": None}
        )
        await asyncio.to_thread(site.add, "after.damaged.example")
        with pytest.raises(MirrorMismatch):
            await mirror.update(60)
        return mirror.mismatches, (await mirror.update()).was_reset

    assert mirroring(site, work, EdgeKind.HOST) == (1, True)


def test_a_change_ends_the_wait_of_a_request(site: Site) -> None:
    async def work(mirror: ListMirror) -> MirrorChange:
        await mirror.update()
        waiting = asyncio.create_task(mirror.update(60))
        await asyncio.to_thread(site.add, "+8617000000404")  # another kind: not answered
        await asyncio.to_thread(site.add, "waited.example")
        return await waiting

    change = mirroring(site, work, EdgeKind.HOST)

    assert list(change.edits) == [b"host\twaited.example\tblock\t"]


def test_lists_too_long_for_the_client_are_refused(site: Site) -> None:
    site.add("long1.example", "long2.example")

    async def work(mirror: ListMirror) -> None:
        await mirror.update()

    with pytest.raises(RequestFailed, match="max_entries"):
        mirroring(site, work, max_entries=1)


def test_a_copy_goes_on_from_its_file(site: Site, tmp_path: Path) -> None:
    site.add("file.example")
    file = tmp_path / "lists.txt"

    async def begin(mirror: ListMirror) -> bytes:
        await mirror.update()
        return b"".join(mirror.copy.blocks())

    async def go_on(mirror: ListMirror) -> tuple[bool, bool]:
        return mirror.load(), (await mirror.update()).was_reset

    lines = mirroring(site, begin, file=file)
    head, _, body = file.read_bytes().partition(b"\n")
    assert body == lines
    assert head.split(b"\t")[-1].decode() == hashlib.sha256(body).hexdigest()
    assert mirroring(site, go_on, file=file) == (True, False)

    file.write_bytes(file.read_bytes()[:-1])
    assert mirroring(site, go_on, file=file) == (False, True)


def test_the_command_keeps_a_file_up_to_date(site: Site, tmp_path: Path) -> None:
    site.add("command.example")
    file = tmp_path / "lists.txt"
    command = (
        "blocklist",
        "mirror",
        str(file),
        "--once",
        "--kinds",
        "host",
        "--target",
        site.target,
    )

    first = run(*command)
    again = run(*command)

    assert first.returncode == 0, first.stderr
    assert b"\nhost\tcommand.example\tblock\tbelow\t" in file.read_bytes()
    assert ", 0 changed" in again.stdout


@pytest.mark.parametrize(
    ("arguments", "said"),
    [
        (("--kinds", "hosts"), "--kinds: hosts: one of number, range"),
        (("--max-entries", "1"), "max_entries: the lists have"),
    ],
)
def test_the_command_says_in_a_sentence_what_is_wrong(
    site: Site, tmp_path: Path, arguments: tuple[str, ...], said: str
) -> None:
    site.add("sentence1.example", "sentence2.example")

    done = run("blocklist", "mirror", str(tmp_path / "x"), *arguments, "--target", site.target)

    assert done.returncode
    assert said in done.stderr
    assert "Traceback" not in done.stderr
