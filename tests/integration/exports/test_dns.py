"""The response policy zone, read by a real Unbound and a real BIND."""

from collections.abc import Callable, Iterator
from pathlib import Path

import pytest

from blocklists.entries import EntryKind
from tests.support.builders import NINE_O_CLOCK_MS
from tests.support.external_servers import program, started
from tests.support.list_admin import administering
from tests.support.processes import run
from tests.support.reserved_ports import reserved_port
from tests.support.resolvers import FOUND, NAME_ERROR, address_of, bind, everything_exists, unbound
from tests.support.unguarded_lists import (
    EVIL_NAMES,
    MISSPELLED_NAMES,
    allowed,
    blocked,
    plant,
    quarantined,
)

BLOCKED = [
    "bank.example", "BANK.example", "www.bank.example", "a.b.c.bank.example",
    "deep.bank.example", "x.deep.bank.example",              # between a listed and an allowed name
    "shop.example", "b.shop.example", "x.b.shop.example", "a.b.shop.example", "y.a.b.shop.example",
    "xn--fiqs8s.example", "www.xn--fiqs8s.example",
    "amazonaws.com",
]  # fmt: skip
LET_THROUGH = [
    "ok.deep.bank.example", "www.ok.deep.bank.example", "notbank.example", "example",
    "gov.cn", "www.gov.cn", "beijing.gov.cn", "x.www.gov.cn", "com.cn", "a.com.cn", "localhost",
    "bucket.s3.amazonaws.com", "s3.amazonaws.com",           # of others, below a listed name
    "over.example",
]  # fmt: skip


Configure = Callable[[Path, int, int, str], list[str]]
POLICY: dict[Configure, str] = {
    unbound: 'zonefile: "{}"',
    bind: 'type primary; file "{}";',
}
SERVERS = {"unbound": "unbound", "named": "bind9"}


@pytest.fixture(params=SERVERS)
def configure(request: pytest.FixtureRequest) -> Configure:
    program(request.param, package=SERVERS[request.param])
    return {"unbound": unbound, "named": bind}[request.param]


@pytest.fixture
def target(configure: Configure, redis_url: str, tmp_path: Path) -> Iterator[str]:
    with administering(redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS) as target:
        yield target


def test_exactly_listed_names_and_their_subdomains_are_nxdomain(
    configure: Configure, target: str, redis_url: str, tmp_path: Path
) -> None:
    plant(
        redis_url,
        [
            *blocked("bank.example", "shop.example", "a.b.shop.example", "amazonaws.com"),
            *blocked("xn--fiqs8s.example", "over.example"),
            *blocked("x.example CNAME .\n*.example", "*.cn", kind=EntryKind.HOST),
            *blocked(*EVIL_NAMES, *MISSPELLED_NAMES, kind=EntryKind.HOST),
            *allowed("ok.deep.bank.example", "over.example"),
        ],
    )
    zone, port = tmp_path / "rpz.zone", reserved_port()

    done = run("blocklist", "export", "--format", "rpz", "--out", str(zone), "--target", target)

    with everything_exists() as upstream:
        command = configure(tmp_path, port, upstream, POLICY[configure].format(zone))
        with started(command, tmp_path, lambda: address_of(port, "ready.example") == FOUND):
            codes = {name: address_of(port, name) for name in (*BLOCKED, *LET_THROUGH)}
    assert codes == dict.fromkeys(BLOCKED, NAME_ERROR) | dict.fromkeys(LET_THROUGH, FOUND)
    # The list follower dropped names in canonical form before any export; the export's own guard
    # is left with the misspelled ones and with ``*.cn``.
    assert "3 that name or cover what nothing may block left out" in done.stderr
    assert quarantined(target) == [("guarded", len(EVIL_NAMES))]
    assert "1 with patterns that the format cannot hold left out" in done.stderr
    assert "1 of these without the names below" in done.stderr


def test_local_zones_of_unbound_block_the_same_but_for_names_above_others(
    redis_url: str, tmp_path: Path
) -> None:
    program("unbound", package="unbound")
    plant(
        redis_url,
        [
            *blocked("bank.example", "shop.example", "a.b.shop.example", "amazonaws.com"),
            *blocked("xn--fiqs8s.example", "over.example"),
            *blocked('x.example." always_nxdomain\nlocal-zone: "example', kind=EntryKind.HOST),
            *blocked(*EVIL_NAMES, *MISSPELLED_NAMES, kind=EntryKind.HOST),
            *allowed("ok.deep.bank.example", "over.example"),
        ],
    )
    zones, port = tmp_path / "listed.conf", reserved_port()
    command = ("blocklist", "export", "--format", "unbound", "--out", str(zones))

    with administering(redis_url, tmp_path / "lists", lambda: NINE_O_CLOCK_MS) as target:
        done = run(*command, "--target", target)

    with everything_exists() as upstream:
        empty = tmp_path / "empty.zone"
        empty.write_text("$TTL 60\n@ SOA localhost. h.localhost. 1 60 60 60 60\n@ NS localhost.\n")
        server = unbound(tmp_path, port, upstream, f'zonefile: "{empty}"')
        file = tmp_path / "unbound.conf"
        file.write_text(f'{file.read_text()}include: "{zones}"\n')
        with started(server, tmp_path, lambda: address_of(port, "ready.example") == FOUND):
            codes = {name: address_of(port, name) for name in (*BLOCKED, *LET_THROUGH)}
    listed = [name for name in BLOCKED if name != "amazonaws.com"]
    assert codes == dict.fromkeys(listed, NAME_ERROR) | dict.fromkeys(
        [*LET_THROUGH, "amazonaws.com"], FOUND
    ) | {"localhost": FOUND}
    assert "with patterns that the format cannot hold left out" in done.stderr
