"""Parses delivery receipts: from optional parameters if present, else from the text.

The text follows appendix B of SMPP 3.4: ``id:… sub:… dlvrd:… submit date:… done date:… stat:…
err:… text:…``. Message centres vary it, so only ``id``, ``stat`` and ``err`` are used. Some write
the id in hexadecimal in one place and in decimal in another: `id_forms` returns all forms of an id.
"""

import re

from services.warning.channels.channel import Receipt, ReceiptState
from services.warning.channels.pdus import Pdu

_FIELD = re.compile(r"\b(id|stat|err):\s*([^\s]+)", re.IGNORECASE)
_STATES = {
    "DELIVRD": ReceiptState.DELIVERED,
    "EXPIRED": ReceiptState.FAILED,
    "DELETED": ReceiptState.FAILED,
    "UNDELIV": ReceiptState.FAILED,
    "REJECTD": ReceiptState.FAILED,
    "ACCEPTD": ReceiptState.ON_ITS_WAY,
    "ENROUTE": ReceiptState.ON_ITS_WAY,
    "UNKNOWN": ReceiptState.UNKNOWN,
}
_NUMBERED = {
    1: "ENROUTE",
    2: "DELIVRD",
    3: "EXPIRED",
    4: "DELETED",
    5: "UNDELIV",
    6: "ACCEPTD",
    7: "UNKNOWN",
    8: "REJECTD",
}
_DECIMAL = re.compile(r"[0-9]{1,20}")
_HEXADECIMAL = re.compile(r"[0-9a-fA-F]{1,16}")
"""Ids of 64 bits; a longer one, or one of other digits, is written one way only."""


def read(pdu: Pdu, at_ms: int) -> Receipt | None:
    """Parse the receipt in a ``deliver_sm``; None if it has no message id or state."""
    found = {name.lower(): value for name, value in _FIELD.findall(pdu.body.decode("latin-1"))}
    provider_id = pdu.receipted_id or found.get("id", "")
    state = _NUMBERED.get(pdu.message_state or 0) or found.get("stat", "").upper()
    if not provider_id or not state:
        return None
    error = found.get("err", "")
    return Receipt(
        provider_id=provider_id,
        state=_STATES.get(state, ReceiptState.UNKNOWN),
        at_ms=at_ms,
        why=f"{state} err {error}" if error.strip("0") else state,
    )


def id_forms(provider_id: str, *, converted: bool = True) -> list[str]:
    """Return the forms of an id: as is, without leading zeros, decimal, hexadecimal.

    *converted* includes the last two, which may also be the id of another message.
    """
    forms = [provider_id, provider_id.lstrip("0").lower()]
    if not converted:
        pass
    elif _DECIMAL.fullmatch(provider_id):
        forms.append(f"{int(provider_id):x}")
    elif _HEXADECIMAL.fullmatch(provider_id):
        forms.append(str(int(provider_id, 16)))
    return list(dict.fromkeys(filter(None, forms)))
