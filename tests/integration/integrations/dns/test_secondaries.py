"""A real Unbound and a real BIND take the zone from us, and keep it."""

import os
import signal
from collections.abc import Callable, Iterator
from contextlib import ExitStack
from dataclasses import dataclass
from functools import partial
from pathlib import Path
from typing import Any

import pytest
import redis

from fanzha.client.channels import blocking
from fanzha.v1 import blocklist_pb2 as lists_pb
from fanzha.v1 import blocklist_pb2_grpc, decision_pb2
from services.processes.embedded_valkey import EmbeddedValkey
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.external_servers import program, started
from tests.support.list_admin import administering
from tests.support.list_client import entry, update
from tests.support.policy_zone import SECRET, policy_zone
from tests.support.processes import eventually
from tests.support.reserved_ports import reserved_port
from tests.support.resolvers import FOUND, NAME_ERROR, address_of, bind, everything_exists, unbound

KEY = f'key "edge" {{ algorithm hmac-sha256; secret "{SECRET}"; }};'


@dataclass
class Site:
    """Lists, our zone behind them, and resolvers behind that."""

    stub: Any
    ports: list[int]
    start_zone: Callable[[], object]
    kill_zone: Callable[[], None]

    def says(self, name: str, code: int) -> None:
        for port in self.ports:
            eventually(lambda port=port: address_of(port, name) == code)  # type: ignore[misc]


def by_unbound(folder: Path, port: int, upstream: int, zone: int) -> list[str]:
    policy = f"primary: 127.0.0.1@{zone}\n    allow-notify: 127.0.0.1\n    for-downstream: no"
    return unbound(folder, port, upstream, policy)


def by_bind(folder: Path, port: int, upstream: int, zone: int) -> list[str]:
    primaries = f'primaries {{ 127.0.0.1 port {zone} key "edge"; }}'
    policy = f'type secondary; {primaries}; file "rpz.db"; masterfile-format text;'
    return bind(folder, port, upstream, policy, KEY)


@pytest.fixture(scope="module")
def lists(
    valkey: EmbeddedValkey, tmp_path_factory: pytest.TempPathFactory
) -> Iterator[tuple[Any, str]]:
    with redis.Redis.from_url(valkey.url) as client:
        client.flushall()
    folder = tmp_path_factory.mktemp("lists")
    with (
        administering(valkey.url, folder, lambda: NINE_O_CLOCK_MS) as target,
        blocking(target) as channel,
    ):
        yield blocklist_pb2_grpc.BlocklistServiceStub(channel), target


@pytest.fixture(scope="module")
def site(lists: tuple[Any, str], tmp_path_factory: pytest.TempPathFactory) -> Iterator[Site]:
    program("unbound", package="unbound")
    program("named", package="bind9")
    stub, target = lists
    folder = tmp_path_factory.mktemp("dns")
    (folder / "keys").write_text(f"edge {SECRET}\n")
    update(stub, entry("first.example"), replace=True)
    port_of = {by_unbound: reserved_port(), by_bind: reserved_port()}
    settings = {
        "listen": f"127.0.0.1:{reserved_port()}",
        "tsig_keys_file": str(folder / "keys"),
        "notify": f"127.0.0.1:{port_of[by_unbound]},127.0.0.1:{port_of[by_bind]}#edge",
    }
    with ExitStack() as stack:
        processes: list[int] = []

        def start_zone() -> int:
            zone, process = stack.enter_context(policy_zone(folder, target, **settings))
            processes.append(process)
            return zone

        zone, upstream = start_zone(), stack.enter_context(everything_exists())
        for configure, port in port_of.items():
            own = folder / configure.__name__
            own.mkdir()
            command = configure(own, port, upstream, zone)
            ready = partial(lambda port: address_of(port, "ready.example") == FOUND, port)
            stack.enter_context(started(command, own, ready))
        yield Site(
            stub,
            list(port_of.values()),
            start_zone,
            lambda: os.kill(processes[-1], signal.SIGKILL),
        )


def test_what_is_listed_when_it_starts_is_blocked(site: Site) -> None:
    site.says("first.example", NAME_ERROR)
    site.says("www.first.example", NAME_ERROR)
    site.says("other.example", FOUND)


def test_a_name_is_blocked_and_lifted_as_the_lists_change(site: Site) -> None:
    update(site.stub, entry("changing.example"), replace=True)
    site.says("changing.example", NAME_ERROR)

    update(site.stub, removals=[lists_pb.EntryRef(pattern="changing.example")])

    site.says("changing.example", FOUND)


def test_an_allowed_name_below_a_blocked_one_gets_through(site: Site) -> None:
    update(
        site.stub,
        entry("above.example"),
        entry("ok.deep.above.example", action=decision_pb2.ACTION_ALLOW),
        replace=True,
    )

    site.says("x.deep.above.example", NAME_ERROR)
    site.says("ok.deep.above.example", FOUND)
    site.says("www.ok.deep.above.example", FOUND)


def test_the_zone_goes_on_after_its_primary_was_killed(site: Site) -> None:
    update(site.stub, entry("before.example"), replace=True)
    site.says("before.example", NAME_ERROR)

    site.kill_zone()
    site.says("before.example", NAME_ERROR)
    update(site.stub, entry("meanwhile.example"), replace=True)
    site.start_zone()

    site.says("meanwhile.example", NAME_ERROR)
    site.says("before.example", NAME_ERROR)
