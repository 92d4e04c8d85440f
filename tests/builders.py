"""Valid objects to start from; a test names only what it is about."""

from collections.abc import Sequence
from datetime import UTC, datetime

import numpy as np

from fanzha.phone import HomePlan
from fanzha.tables import Attestation, Calls, Ingress, Texts

NINE_O_CLOCK_MS = int(datetime(2026, 1, 5, 9, tzinfo=UTC).timestamp() * 1000)

_PLAN = HomePlan()


def some_calls(
    *callers: str,
    callee: str = "+8617000000999",
    callees: Sequence[str] = (),
    ingress: Ingress = Ingress.LOCAL,
    attestation: Attestation = Attestation.UNSPECIFIED,
    at_ms: int = NINE_O_CLOCK_MS,
) -> Calls:
    """Make calls from each of *callers*, to *callee* or to one of *callees* each."""
    rows = len(callers)
    return Calls(
        callers=_PLAN.sender_keys(callers),
        callees=_PLAN.number_keys(callees or [callee] * rows),
        attempted_at_ms=np.full(rows, at_ms, np.int64),
        ingress=np.full(rows, ingress, np.uint8),
        attestations=np.full(rows, attestation, np.uint8),
        trunks=[""] * rows,
        names={},
        errors={},
    )


def some_texts(
    *bodies: str,
    sender: str = "+8617000000001",
    receiver: str = "+8617000000999",
    ingress: Ingress = Ingress.LOCAL,
    at_ms: int = NINE_O_CLOCK_MS,
) -> Texts:
    """Make texts of these *bodies*, all from *sender* to *receiver*."""
    rows = len(bodies)
    return Texts(
        senders=_PLAN.sender_keys([sender] * rows),
        receivers=_PLAN.number_keys([receiver] * rows),
        bodies=bodies,
        submitted_at_ms=np.full(rows, at_ms, np.int64),
        ingress=np.full(rows, ingress, np.uint8),
        names={},
        errors={},
    )
