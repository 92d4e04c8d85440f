"""Crosses the wire inwards: messages to tables, row by row errors included.

What `services.rpc.decide.columnar_decoder` does quicker for requests as they usually are; this is
the reference. A row that cannot be read gets key 0 or an empty text and a sentence in
``errors``; it never stops the others.
"""

from collections.abc import Iterable, Sequence

import numpy as np

from fanzha.phone import FIRST_SENDER, UNREADABLE, HomePlan, sender_name
from fanzha.tables import (
    MAX_TEXT_BYTES,
    MAX_URL_BYTES,
    UNKNOWN_FACT,
    Bools,
    Calls,
    HostFacts,
    Links,
    Texts,
    Uint32s,
)
from fanzha.url import canonicals
from fanzha.v1 import interception_pb2 as pb
from services.rpc.decide.row_truncation import cut_text
from services.rpc.decide.row_validation import (
    HOST_FACTS,
    LAST_ATTESTATION,
    LAST_INGRESS,
    MAX_TRUNK_CHARACTERS,
    checksum,
    is_request_id,
    known,
    not_times,
    or_now,
    rows_of,
    wrong_with_call,
    wrong_with_link,
    wrong_with_text,
)

_MOST_BYTES = 4
"""Bytes of a character in UTF-8, at most."""


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
        handset_texts = [row.handset for row in rows]
        handsets = _checksums(handset_texts, wrong)
        areas = _checksums([row.location_area for row in rows], wrong)
        request_ids = _request_ids(rows, wrong)
        errors = {row: wrong_with_call(self.home, rows[row]) for row in rows_of(wrong)}
        return Calls(
            callers=callers,
            callees=callees,
            attempted_at_ms=or_now(times, now_ms),
            ingress=known([row.ingress for row in rows], LAST_INGRESS),
            attestations=known([row.attestation for row in rows], LAST_ATTESTATION),
            trunks=trunks,
            names={row: sender_name(names[row]) for row in rows_of(callers >= FIRST_SENDER)},
            errors=errors,
            request_ids=request_ids,
            handsets=handsets,
            location_areas=areas,
            handset_texts=() if handsets is None else handset_texts,
        )

    def texts(self, messages: Sequence[pb.Text], now_ms: int) -> Texts:
        """Read text messages."""
        rows = list(messages)
        names = [row.sender for row in rows]
        bodies, read_bytes = _cut([row.body for row in rows], MAX_TEXT_BYTES)
        senders = self.home.sender_keys(names)
        receivers = self.home.number_keys([row.receiver for row in rows])
        times = np.array([row.submitted_at_ms for row in rows], np.int64)
        wrong = (senders == UNREADABLE) | (receivers == UNREADABLE) | not_times(times)
        wrong |= _column(not body for body in bodies)
        trunks = [row.trunk for row in rows]
        if max(map(len, trunks), default=0) > MAX_TRUNK_CHARACTERS:
            wrong |= _column(len(trunk) > MAX_TRUNK_CHARACTERS for trunk in trunks)
        request_ids = _request_ids(rows, wrong)
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
            ingress=known([row.ingress for row in rows], LAST_INGRESS),
            trunks=trunks,
            names={row: sender_name(names[row]) for row in rows_of(senders >= FIRST_SENDER)},
            errors=errors,
            request_ids=request_ids,
            read_bytes=read_bytes,
        )

    def links(self, messages: Sequence[pb.Link], now_ms: int) -> Links:
        """Read look-ups of links."""
        rows = list(messages)
        given, read_bytes = _cut([row.url for row in rows], MAX_URL_BYTES)
        urls = canonicals(given)
        askers = [row.subscriber for row in rows]
        subscribers = self.home.number_keys(askers) if any(askers) else np.zeros(len(rows), int)
        times = np.array([row.requested_at_ms for row in rows], np.int64)
        wrong = not_times(times)
        if "" in urls:
            wrong |= _column(not url for url in urls)
        if any(askers):
            wrong |= (subscribers == UNREADABLE) & _column(map(bool, askers))
        request_ids = _request_ids(rows, wrong)
        return Links(
            urls=urls,
            subscribers=subscribers,
            requested_at_ms=or_now(times, now_ms),
            errors={row: wrong_with_link(rows[row], urls[row]) for row in rows_of(wrong)},
            request_ids=request_ids,
            read_bytes=read_bytes,
            facts=_host_facts(rows),
        )


def _host_facts(rows: Sequence[pb.Link]) -> HostFacts | None:
    """Return what few gateways tell of hosts."""
    if not any(row.HasField(name) for row in rows for name in HOST_FACTS):
        return None
    columns = {
        name: np.array(
            [getattr(row, name) if row.HasField(name) else UNKNOWN_FACT for row in rows], np.int64
        )
        for name in HOST_FACTS
    }
    return HostFacts(**columns)


def _checksums(texts: list[str], wrong: Bools) -> Uint32s | None:
    """Return the checksums of a column that few switches send; note in *wrong* what is too long."""
    if not any(texts):
        return None
    wrong |= _column(len(text) > MAX_TRUNK_CHARACTERS for text in texts)
    return np.array([checksum(text.encode()) for text in texts], np.uint32)


def _cut(texts: list[str], max_bytes: int) -> tuple[list[str], dict[int, int]]:
    """Cut texts to so many bytes of UTF-8; return how many are left of each that was longer."""
    read_bytes = {}
    for row, text in enumerate(texts):
        if len(text) > max_bytes // _MOST_BYTES and len(data := text.encode()) > max_bytes:
            kept = cut_text(data, max_bytes)
            texts[row], read_bytes[row] = kept.decode(), len(kept)
    return texts, read_bytes


def _request_ids(rows: Sequence[pb.Call | pb.Text | pb.Link], wrong: Bools) -> dict[int, str]:
    """Return the ids of the rows that have one; mark those that cannot be one as *wrong*."""
    found = {row: one.request_id for row, one in enumerate(rows) if one.request_id}
    for row, text in found.items():
        wrong[row] |= not is_request_id(text)
    return found


def _column(facts: Iterable[bool]) -> Bools:
    # A list would do for numpy, but for an empty one, which it takes for numbers.
    return np.fromiter(facts, np.bool_)
