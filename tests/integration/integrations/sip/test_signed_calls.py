"""A signed call, verified by the adapter and believed by a real service."""

import socket
import time
from collections.abc import Iterator

import pytest

from tests.support.adapters import RunningAdapter, adapter
from tests.support.processes import LEAN, PATIENCE_SECONDS, fanzha_up
from tests.support.shaken import X5U, ShakenAuthority, ShakenProvider, write_trust_list
from tests.support.sip_messages import CALLEE, CALLER, sip_answer, sip_request


@pytest.fixture(scope="module")
def authority() -> ShakenAuthority:
    return ShakenAuthority()


@pytest.fixture(scope="module")
def provider(authority: ShakenAuthority) -> ShakenProvider:
    return authority.issue()


@pytest.fixture(scope="module")
def running(
    tmp_path_factory: pytest.TempPathFactory, authority: ShakenAuthority, provider: ShakenProvider
) -> Iterator[RunningAdapter]:
    """Run an adapter for calls from abroad, where nobody may show a number of this country."""
    folder = tmp_path_factory.mktemp("signed")
    with (
        fanzha_up(folder, workers=1, **LEAN) as service,
        adapter(
            "sip",
            folder,
            FANZHA_SIP_LISTEN="127.0.0.1:0",
            FANZHA_SIP_TARGETS=service.interception,
            FANZHA_SIP_TIMEOUT_MS="5000",
            FANZHA_SIP_STALL_MS="5000",
            FANZHA_SIP_INGRESS="international",
            FANZHA_SIP_IDENTITY_TRUST_LIST=str(
                write_trust_list(folder, [authority], {X5U: provider})
            ),
        ) as found,
    ):
        yield found


def status_of(running: RunningAdapter, number: int, *headers: str) -> int:
    with socket.socket(socket.AF_INET, socket.SOCK_DGRAM) as caller:
        caller.settimeout(PATIENCE_SECONDS)
        caller.bind(("127.0.0.1", 0))
        message = sip_request(port=caller.getsockname()[1], number=number, headers=headers)
        caller.sendto(message, ("127.0.0.1", running.port("sip")))
        return sip_answer(caller.recv(65_535)).status


def test_a_domestic_number_from_abroad_rings_only_where_it_is_signed_for(
    running: RunningAdapter, provider: ShakenProvider
) -> None:
    signed = provider.identity(orig=CALLER[1:], dest=CALLEE[1:])
    forged = ShakenAuthority().issue().identity(orig=CALLER[1:], dest=CALLEE[1:])
    stale = provider.identity(orig=CALLER[1:], dest=CALLEE[1:], age=time.time() % 60 + 120)

    found = [
        status_of(running, 1),
        status_of(running, 2, f"Identity: {signed}"),
        status_of(running, 3, f"y: {forged}"),
        status_of(running, 4, f"Identity: {stale}"),
    ]

    assert found == [603, 302, 603, 603]
