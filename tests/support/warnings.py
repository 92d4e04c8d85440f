"""Warnings and cases for tests."""

from blocklists.entries import Source
from fanzha.fraud import FraudType
from services.warning.model import Means, MeansKind, Risk, WarningRecord

NOW_MS = 1_764_000_000_000


def a_warning(
    number: int = 1,
    *,
    reference: str = "",
    caller: str = "+8619900000001",
    risk: Risk = Risk.MEDIUM,
    campaign: str = "",
    source_name: str = "carrier.example",
) -> WarningRecord:
    """Make a warning of person *number*."""
    return WarningRecord(
        source=Source.CARRIER,
        source_name=source_name,
        reference=reference or f"r{number}",
        victim=f"+861700000{number:04}",
        means=Means(kind=MeansKind.CALLER, value=caller),
        fraud_type=FraudType.FAKE_LOAN,
        risk=risk,
        campaign=campaign,
        occurred_at_ms=NOW_MS - 2_000,
        received_at_ms=NOW_MS,
    )
