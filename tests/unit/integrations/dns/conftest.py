"""A zone of a few hosts."""

from collections.abc import Callable

import pytest

from fanzha.edge.entry import EdgeAction, EdgeEntry, EdgeKind, EdgeScope
from fanzha.edge.sorted_lines import SortedLines
from integrations.dns.policies import PolicyAction, PolicyRules
from integrations.dns.zone import PolicyZone

NOW_S = 1000.0
Host = Callable[..., bytes]


@pytest.fixture
def host() -> Host:
    """Return what writes the line of a host."""

    def line(
        name: str, action: str = "block", *, expires_s: int = 0, fraud_type: str = ""
    ) -> bytes:
        return EdgeEntry(
            EdgeKind.HOST, name, EdgeAction(action), EdgeScope.BELOW, expires_s, fraud_type, "h1"
        ).line()

    return line


@pytest.fixture
def zone(host: Host) -> PolicyZone:
    rules = PolicyRules(
        zone="rpz.fanzha",
        by_fraud_type={"fake_loan": PolicyAction.PAGE, "fake_credit": PolicyAction.NODATA},
    )
    made = PolicyZone(rules, journal_records=100)
    made.begin(SortedLines.of([host("bank.example"), host("shop.example")]), 7, NOW_S)
    return made
