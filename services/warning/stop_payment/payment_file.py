"""The file that the stop-payment desk (止付, 96110) gets about a person who says they have paid.

It has what such a desk asks for first: whom to call back, when it was said, how much if that was
said, by what kind of fraud and by which numbers, links and accounts, the person's own words, and
the region whose officer goes on. Nothing in it is a decision to freeze: the desk decides.
"""

import json
from collections.abc import Sequence
from datetime import UTC, datetime
from hashlib import blake2b
from typing import Any

from cloudevents.core.bindings.http import to_structured_event
from cloudevents.core.v1.event import CloudEvent

from fanzha.phone import masked
from services.warning.cases.events import CaseEvent
from services.warning.cases.model import Case
from services.warning.stop_payment.amounts import amounts_fen

EVENT_TYPE = "fanzha.stop_payment.v1"
MOST_SAID = 50
"""Latest replies of the person that the file has."""


def file_id(case_id: str) -> str:
    """Return the id of the file about a case: the same for each attempt, one for each case."""
    digest = blake2b(f"{case_id}\0stop_payment".encode(), digest_size=6).hexdigest()
    return f"{case_id}.{digest}"


def written(
    case: Case, events: Sequence[CaseEvent], *, source: str, whole_number: bool, at_ms: int
) -> tuple[str, str]:
    """Return the content type and body of the file, a CloudEvent in structured JSON."""
    event = CloudEvent(
        {
            "id": file_id(case.id),
            "source": source,
            "type": EVENT_TYPE,
            "subject": case.id,
            "time": _time(at_ms),
            "datacontenttype": "application/json",
        },
        _fields(case, events, whole_number=whole_number),
    )
    message = to_structured_event(event)
    return message.headers["content-type"], message.body.decode()


def _fields(case: Case, events: Sequence[CaseEvent], *, whole_number: bool) -> dict[str, Any]:
    said = [(one.at_ms, one.reply) for one in events if one.reply is not None][-MOST_SAID:]
    amounts = [fen for _, reply in said for fen in amounts_fen(reply.text)]
    return {
        "case_id": case.id,
        "purpose": "stop_payment",
        "number": case.victim if whole_number else masked(case.victim),
        "reported_at": _time(case.stop_payment_at_ms).isoformat(),
        "began_at": _time(case.occurred_at_ms).isoformat(),
        "amounts_said_fen": list(dict.fromkeys(amounts)),
        "fraud_type": case.fraud_type.name.lower() if case.fraud_type else "",
        "used_by_fraud": [{"kind": one.kind.value, "value": one.value} for one in case.means],
        "said": [
            {"at": _time(at_ms).isoformat(), "text": reply.text, "understood_as": reply.meaning}
            for at_ms, reply in said
        ],
        "region": {
            "code": case.region.code,
            "province": case.region.province,
            "city": case.region.city,
            "county": case.region.county,
        },
        "officer": case.officer,
    }


def receipt_in(body: bytes) -> str:
    """Return the receipt in the answer of a desk, ``{"receipt": "…"}``; empty: it has none."""
    try:
        found = json.loads(body)
    except (ValueError, RecursionError):
        return ""
    receipt = found.get("receipt") if isinstance(found, dict) else None
    if not isinstance(receipt, str | int) or isinstance(receipt, bool):
        return ""
    text = str(receipt).strip()
    return text if 0 < len(text) <= MOST_RECEIPT and text.isprintable() else ""


MOST_RECEIPT = 100
"""Characters of a receipt."""


def _time(at_ms: int) -> datetime:
    return datetime.fromtimestamp(at_ms // 1000, UTC)
