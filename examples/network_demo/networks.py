"""Four real networks on loopback, each with its adapter: telephone, messages, names, pages.

Kamailio between two SIPp, npm smpp at both ends of the relay, Unbound as a secondary of the policy
zone, Envoy in front of a site. All but the service itself is somebody else's server.
"""

from collections.abc import AsyncIterator, Iterator, Sequence
from contextlib import asynccontextmanager, contextmanager
from dataclasses import dataclass
from pathlib import Path
from typing import Any

import httpx

from tests.support import resolvers
from tests.support.adapters import adapter_up
from tests.support.external_servers import started
from tests.support.processes import Running
from tests.support.reserved_ports import reserved_port
from tests.support.sip_switch import SippCall, callee, dial, switch
from tests.support.smpp_pair import EsmeLedger, SmppPair, relayed
from tests.support.web_gateways import envoy, gateway_site

TIMEOUT_MS = 5000
"""Of a decision: a busy machine must not look like an absent service."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PageVisit:
    """What a browser got."""

    blocked: bool
    decision_id: str


@dataclass(frozen=True, slots=True, kw_only=True)
class Networks:
    """What a person does in them. Each method of these blocks its thread."""

    folder: Path
    telephone: int
    """Port of the switch."""
    messages: SmppPair
    names: int
    """Port of the resolver."""
    pages: str
    """URL of the gateway."""

    def calls(self, parties: Sequence[tuple[str, str]], *, count: int, rate: int) -> list[SippCall]:
        """Make calls; return how they went."""
        place = self.folder / f"calls-{len(list(self.folder.glob('calls-*')))}"
        return dial(place, self.telephone, parties, rate=rate, calls=count)

    def call(self, caller: str, called: str) -> SippCall:
        """Make one call."""
        return self.calls([(caller, called)], count=1, rate=10)[0]

    async def texts(self, pdus: Sequence[dict[str, Any]], *, window: int = 20) -> EsmeLedger:
        """Send messages; return what the client wrote down."""
        return await self.messages.send(pdus, window=window)

    def name_is_blocked(self, host: str) -> bool:
        """Look a name up."""
        return resolvers.address_of(self.names, host) == resolvers.NAME_ERROR

    def page(self, host: str, path: str = "/") -> PageVisit:
        """Open a page."""
        answer = httpx.get(
            f"{self.pages}{path}", headers={"host": host}, timeout=30, trust_env=False
        )
        decision = answer.headers.get("x-fanzha-decision-id", "")
        return PageVisit(blocked=answer.status_code in {403, 451}, decision_id=decision)


@asynccontextmanager
async def networks(service: Running, folder: Path) -> AsyncIterator[Networks]:
    """Run all four before *service*."""
    target = service.interception
    async with relayed(target, _made(folder, "sms"), timeout_ms=TIMEOUT_MS) as messages:
        with (
            _telephone(_made(folder, "sip"), target) as telephone,
            _names(_made(folder, "dns"), service.admin) as names,
            _pages(_made(folder, "web"), target) as pages,
        ):
            yield Networks(
                folder=folder, telephone=telephone, messages=messages, names=names, pages=pages
            )


@contextmanager
def _telephone(folder: Path, target: str) -> Iterator[int]:
    settings = {
        "listen": "127.0.0.1:0",
        "targets": target,
        "timeout_ms": TIMEOUT_MS,
        # On a machine that runs all of this, a call that waits is no sign of a dead service.
        "stall_ms": TIMEOUT_MS,
    }
    with (
        callee(folder) as next_hop,
        adapter_up("sip", folder, **settings) as running,
        switch(
            folder,
            next_hop=next_hop,
            adapters=[running.port("sip")],
            patience_ms=2 * TIMEOUT_MS,
        ) as found,
    ):
        yield found.port


@contextmanager
def _names(folder: Path, admin: str) -> Iterator[int]:
    port = reserved_port()
    settings = {
        "listen": f"127.0.0.1:{reserved_port()}",
        "list_targets": admin,
        "data_dir": str(folder / "zone"),
        "notify": f"127.0.0.1:{port}",
    }
    with resolvers.everything_exists() as upstream, adapter_up("dns", folder, **settings) as zone:
        policy = f"primary: 127.0.0.1@{zone.port('dns')}\n    allow-notify: 127.0.0.1"
        command = resolvers.unbound(folder, port, upstream, f"{policy}\n    for-downstream: no")
        with started(
            command, folder, lambda: resolvers.address_of(port, "x.example") == resolvers.FOUND
        ):
            yield port


@contextmanager
def _pages(folder: Path, target: str) -> Iterator[str]:
    settings = {"listen": "127.0.0.1:0", "targets": target, "timeout_ms": TIMEOUT_MS}
    with (
        gateway_site() as site,
        adapter_up("ext-authz", folder, **settings) as running,
        envoy(folder, site, running.port("ext_authz")) as url,
    ):
        yield url


def _made(folder: Path, name: str) -> Path:
    place = folder / name
    place.mkdir()
    return place
