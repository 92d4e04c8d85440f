"""Crosses the wire inwards: messages to tables, row by row errors included.

The only loops over rows on the way in. A row that cannot be read gets key 0 or an
empty text and a sentence in ``errors``; it never stops the others.
"""

from collections.abc import Sequence

import numpy as np

from fanzha.phone import FIRST_SENDER, UNREADABLE, HomePlan
from fanzha.tables import (
    MAX_TEXT_BYTES,
    MAX_URL_BYTES,
    Attestation,
    Bools,
    Calls,
    Ingress,
    Int64s,
    Links,
    Texts,
    Uint8s,
)
from fanzha.url import canonicals
from fanzha.v1 import interception_pb2 as pb

MAX_TRUNK_CHARACTERS = 64
MAX_PARTY_CHARACTERS = 64
LAST_MS = 253_402_300_799_999
"""The end of the year 9999."""


class Reader:
    """Reads requests the way one country writes its numbers."""

    def __init__(self, home: HomePlan) -> None:
        self._home = home

    def calls(self, messages: Sequence[pb.Call], now_ms: int) -> Calls:
        """Read call attempts."""
        rows = list(messages)
        names = [row.caller for row in rows]
        callers = self._home.sender_keys(names)
        callees = self._home.number_keys([row.callee for row in rows])
        times = np.array([row.attempted_at_ms for row in rows], np.int64)
        trunks = [row.trunk for row in rows]
        wrong = (callers == UNREADABLE) | (callees == UNREADABLE) | _not_times(times)
        if any(trunks):
            wrong |= [len(trunk) > MAX_TRUNK_CHARACTERS for trunk in trunks]
        errors = {row: _wrong_with_call(self._home, rows[row]) for row in _rows(wrong)}
        return Calls(
            callers=callers,
            callees=callees,
            attempted_at_ms=_or_now(times, now_ms),
            ingress=_enums([row.ingress for row in rows], max(Ingress)),
            attestations=_enums([row.attestation for row in rows], max(Attestation)),
            trunks=trunks,
            names={row: names[row] for row in _rows(callers >= FIRST_SENDER)},
            errors=errors,
        )

    def texts(self, messages: Sequence[pb.Text], now_ms: int) -> Texts:
        """Read text messages."""
        rows = list(messages)
        names = [row.sender for row in rows]
        bodies = [row.body for row in rows]
        senders = self._home.sender_keys(names)
        receivers = self._home.number_keys([row.receiver for row in rows])
        times = np.array([row.submitted_at_ms for row in rows], np.int64)
        wrong = (senders == UNREADABLE) | (receivers == UNREADABLE) | _not_times(times)
        wrong |= [not 0 < len(body) <= _SURELY_SHORT for body in bodies]
        errors = {}
        for row in _rows(wrong):
            if error := _wrong_with_text(self._home, rows[row]):
                errors[row] = error
                bodies[row] = ""
        return Texts(
            senders=senders,
            receivers=receivers,
            bodies=bodies,
            submitted_at_ms=_or_now(times, now_ms),
            ingress=_enums([row.ingress for row in rows], max(Ingress)),
            names={row: names[row] for row in _rows(senders >= FIRST_SENDER)},
            errors=errors,
        )

    def links(self, messages: Sequence[pb.Link], now_ms: int) -> Links:
        """Read look-ups of links."""
        rows = list(messages)
        given = [row.url for row in rows]
        urls = canonicals(["" if _too_long(url, MAX_URL_BYTES) else url for url in given])
        askers = [row.subscriber for row in rows]
        subscribers = self._home.number_keys(askers) if any(askers) else np.zeros(len(rows), int)
        times = np.array([row.requested_at_ms for row in rows], np.int64)
        wrong = _not_times(times)
        wrong |= [not url for url in urls]
        wrong |= (subscribers == UNREADABLE) & [bool(asker) for asker in askers]
        return Links(
            urls=urls,
            subscribers=subscribers,
            requested_at_ms=_or_now(times, now_ms),
            errors={row: _wrong_with_link(rows[row], urls[row]) for row in _rows(wrong)},
        )


_SURELY_SHORT = MAX_TEXT_BYTES // 4
"""So many characters are never more than `MAX_TEXT_BYTES` in UTF-8."""


def _too_long(text: str, most_bytes: int) -> bool:
    # A character takes four bytes at most, so a short text need not be encoded to know.
    return len(text) * 4 > most_bytes and len(text.encode()) > most_bytes


def _rows(column: Bools) -> list[int]:
    rows: list[int] = np.flatnonzero(column).tolist()
    return rows


def _not_times(times: Int64s) -> Bools:
    return (times < 0) | (times > LAST_MS)


def _or_now(times: Int64s, now_ms: int) -> Int64s:
    return np.where((times == 0) | _not_times(times), now_ms, times)


def _enums(numbers: Sequence[int], last: int) -> Uint8s:
    # Enums are open on the wire: any int32 may arrive. What we do not know is "not known".
    column = np.array(numbers, np.int64)
    return np.where((column < 0) | (column > last), 0, column).astype(np.uint8)


def _wrong_with_call(home: HomePlan, call: pb.Call) -> str:
    if home.sender_key(call.caller) == UNREADABLE:
        return _not_a_party("caller", call.caller)
    if home.number_key(call.callee) == UNREADABLE:
        return _not_a_party("callee", call.callee)
    if len(call.trunk) > MAX_TRUNK_CHARACTERS:
        return f"trunk: longer than {MAX_TRUNK_CHARACTERS} characters"
    return f"attempted_at_ms: not a time: {call.attempted_at_ms}"


def _wrong_with_text(home: HomePlan, text: pb.Text) -> str:
    if home.sender_key(text.sender) == UNREADABLE:
        return _not_a_party("sender", text.sender)
    if home.number_key(text.receiver) == UNREADABLE:
        return _not_a_party("receiver", text.receiver)
    if not text.body:
        return "body: empty"
    if _too_long(text.body, MAX_TEXT_BYTES):
        return f"body: longer than {MAX_TEXT_BYTES} bytes of UTF-8"
    if not 0 <= text.submitted_at_ms <= LAST_MS:
        return f"submitted_at_ms: not a time: {text.submitted_at_ms}"
    return ""


def _wrong_with_link(link: pb.Link, url: str) -> str:
    if not url:
        if not link.url:
            return "url: empty"
        if _too_long(link.url, MAX_URL_BYTES):
            return f"url: longer than {MAX_URL_BYTES} bytes"
        return f"url: has no host that can be read: {link.url[:100]!r}"
    if not 0 <= link.requested_at_ms <= LAST_MS:
        return f"requested_at_ms: not a time: {link.requested_at_ms}"
    return _not_a_party("subscriber", link.subscriber)


def _not_a_party(field: str, text: str) -> str:
    shown = f"cannot be read: {text[:MAX_PARTY_CHARACTERS]!r}" if text else "empty"
    return f"{field}: {shown}"
