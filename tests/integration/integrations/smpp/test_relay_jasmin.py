"""The SMPP relay between npm smpp and jasmin, each as client and as message centre."""

from collections.abc import Iterator
from pathlib import Path

import pytest

from tests.support import smpp_pair
from tests.support.external_servers import skip_or_fail
from tests.support.jasmin import NoJasmin, jasmin_centre, jasmin_send
from tests.support.processes import LEAN, Running, fanzha_up
from tests.support.smpp_pair import pdus_of, relay_before, relayed
from tests.support.sms_traffic import TEXT_KINDS, compare, traffic
from tests.support.smsc import NoMessageCentre


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    with fanzha_up(
        tmp_path_factory.mktemp("service"), workers=1, **LEAN, **smpp_pair.NO_HISTORY
    ) as running:
        smpp_pair.list_fraud(running)
        yield running


@pytest.mark.parametrize("split", ["udh", "sar"])
async def test_what_jasmin_splits_arrives_or_is_refused_whole(
    service: Running, tmp_path: Path, split: str
) -> None:
    # Jasmin fails when a reference of 8 bits is used again while it is open.
    messages = list(traffic(600, 0.05, seed=4, kinds=TEXT_KINDS))
    try:
        async with relayed(
            service.interception, tmp_path, {"latency": 3}, timeout_ms=10_000
        ) as pair:
            answers = await jasmin_send(pair.port, messages, tmp_path, window=40, split=split)
            arrived = await pair.arrived()
    except (NoJasmin, NoMessageCentre) as error:
        skip_or_fail(str(error))

    found = compare(messages, answers, arrived)
    assert found.faults() == {}
    assert found.refused > 20


async def test_jasmin_as_message_centre_gets_what_npm_smpp_sends(
    service: Running, tmp_path: Path
) -> None:
    messages = list(traffic(600, 0.05, seed=5))
    try:
        async with (
            jasmin_centre() as centre,
            relay_before(centre, service.interception, tmp_path, timeout_ms=10_000) as pair,
        ):
            ledger = await pair.send(pdus_of(messages), window=50)
            arrived = await pair.arrived()
    except (NoJasmin, NoMessageCentre) as error:
        skip_or_fail(str(error))

    found = compare(messages, ledger.answers, arrived)
    assert found.faults() == {}
    assert found.refused > 20
