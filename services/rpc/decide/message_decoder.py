"""Crosses the wire inwards: messages to tables, row by row errors included.

What `services.rpc.decide.columnar_decoder` does quicker for requests as they usually are; this is
the reference. A row that cannot be read gets key 0 or an empty text and a sentence in
``errors``; it never stops the others.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from fanzha.phone import FIRST_SENDER, UNREADABLE, HomePlan
from fanzha.tables import (
    MAX_TEXT_BYTES,
    MAX_URL_BYTES,
    Attestation,
    Bools,
    Calls,
    Ingress,
    Links,
    Texts,
)
from fanzha.url import canonicals
from fanzha.v1 import interception_pb2 as pb
from services.rpc.decide.row_validation import (
    MAX_TRUNK_CHARACTERS,
    known,
    not_times,
    or_now,
    rows_of,
    too_long,
    wrong_with_call,
    wrong_with_link,
    wrong_with_text,
)

_SURELY_SHORT = MAX_TEXT_BYTES // 4
"""So many characters are never more than `MAX_TEXT_BYTES` in UTF-8."""


class MessageDecoder:
    """Reads requests the way one country writes its numbers."""

    def __init__(self, home: HomePlan) -> None:
        self.home = home

    def calls(self, messages: Sequence[pb.Call], now_ms: int) -> Calls:
        """Read call attempts."""
        rows = list(messages)
        names = [row.caller for row in rows]
        callers = self.home.sender_keys(names)
        callees = self.home.number_keys([row.callee for row in rows])
        times = np.array([row.attempted_at_ms for row in rows], np.int64)
        trunks = [row.trunk for row in rows]
        wrong = (callers == UNREADABLE) | (callees == UNREADABLE) | not_times(times)
        if max(map(len, trunks), default=0) > MAX_TRUNK_CHARACTERS:
            wrong |= _column(len(trunk) > MAX_TRUNK_CHARACTERS for trunk in trunks)
        errors = {row: wrong_with_call(self.home, rows[row]) for row in rows_of(wrong)}
        return Calls(
            callers=callers,
            callees=callees,
            attempted_at_ms=or_now(times, now_ms),
            ingress=known([row.ingress for row in rows], max(Ingress)),
            attestations=known([row.attestation for row in rows], max(Attestation)),
            trunks=trunks,
            names={row: names[row] for row in rows_of(callers >= FIRST_SENDER)},
            errors=errors,
        )

    def texts(self, messages: Sequence[pb.Text], now_ms: int) -> Texts:
        """Read text messages."""
        rows = list(messages)
        names = [row.sender for row in rows]
        bodies = [row.body for row in rows]
        senders = self.home.sender_keys(names)
        receivers = self.home.number_keys([row.receiver for row in rows])
        times = np.array([row.submitted_at_ms for row in rows], np.int64)
        wrong = (senders == UNREADABLE) | (receivers == UNREADABLE) | not_times(times)
        wrong |= _column(not 0 < len(body) <= _SURELY_SHORT for body in bodies)
        trunks = [row.trunk for row in rows]
        if max(map(len, trunks), default=0) > MAX_TRUNK_CHARACTERS:
            wrong |= _column(len(trunk) > MAX_TRUNK_CHARACTERS for trunk in trunks)
        errors = {}
        for row in rows_of(wrong):
            if error := wrong_with_text(self.home, rows[row]):
                errors[row] = error
                bodies[row] = ""
        return Texts(
            senders=senders,
            receivers=receivers,
            bodies=bodies,
            submitted_at_ms=or_now(times, now_ms),
            ingress=known([row.ingress for row in rows], max(Ingress)),
            trunks=trunks,
            names={row: names[row] for row in rows_of(senders >= FIRST_SENDER)},
            errors=errors,
        )

    def links(self, messages: Sequence[pb.Link], now_ms: int) -> Links:
        """Read look-ups of links."""
        rows = list(messages)
        given = [row.url for row in rows]
        urls = canonicals(["" if too_long(url, MAX_URL_BYTES) else url for url in given])
        askers = [row.subscriber for row in rows]
        subscribers = self.home.number_keys(askers) if any(askers) else np.zeros(len(rows), int)
        times = np.array([row.requested_at_ms for row in rows], np.int64)
        wrong = not_times(times)
        if "" in urls:
            wrong |= _column(not url for url in urls)
        if any(askers):
            wrong |= (subscribers == UNREADABLE) & _column(map(bool, askers))
        return Links(
            urls=urls,
            subscribers=subscribers,
            requested_at_ms=or_now(times, now_ms),
            errors={row: wrong_with_link(rows[row], urls[row]) for row in rows_of(wrong)},
        )


def _column(facts: Iterable[bool]) -> Bools:
    # A list would do for numpy, but for an empty one, which it takes for numbers.
    return np.fromiter(facts, np.bool_)
