"""Malformed PDUs of both protocols against a running relay; 10⁵ of each by command."""

import pytest

from tests.support.pdu_fuzz import fuzz


@pytest.mark.parametrize("protocol", ["smpp", "cmpp"])
async def test_malformed_pdus_crash_nothing_and_leave_nothing(protocol: str) -> None:
    outcome = await fuzz(protocol, 3000, seed=11)

    assert outcome.crashes == ()
    assert outcome.tasks_left == 0
    assert outcome.objects_grown < 100
    assert sum(outcome.faults.values()) > 200
