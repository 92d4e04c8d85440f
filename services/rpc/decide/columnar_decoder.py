"""Crosses the wire inwards for requests as they usually are: bytes to tables, no messages.

Gives the tables that `services.rpc.decide.message_decoder` gives for the same rows, or raises
`Unusual`. Only rows with something wrong, names and spellings that are rare in
signalling become Python objects; bodies and links have to.
"""

from collections.abc import Sequence
from functools import partial

import numpy as np

from fanzha import party_columns
from fanzha.phone import FIRST_SENDER, UNREADABLE, HomePlan, sender_name
from fanzha.tables import (
    MAX_TEXT_BYTES,
    MAX_URL_BYTES,
    UNKNOWN_FACT,
    Calls,
    HostFacts,
    Int64s,
    Links,
    Texts,
    Uint32s,
)
from fanzha.url import canonicals_in
from fanzha.v1 import interception_pb2 as pb
from services.rpc.decide.row_validation import (
    LAST_ATTESTATION,
    LAST_INGRESS,
    MAX_REQUEST_ID_CHARACTERS,
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
from services.rpc.decide.wire_format import (
    FieldKind,
    FieldSpans,
    RowLayout,
    Unusual,
    WireRows,
)

_REQUEST_ID = 8
"""Field of the id of a request in rows of all channels."""
_HANDSET, _LOCATION_AREA = 9, 10
"""Fields of calls."""
_HOST_FACTS = 9, 10, 11
"""Fields of links, in the order of `fanzha.tables.HostFacts`."""

_TEXT, _SMALL, _NUMBER, _ASCII, _OPTIONAL = FieldKind
_CALLS = RowLayout.of(
    {1: _TEXT, 2: _TEXT, 3: _NUMBER, 4: _SMALL, 5: _SMALL, 6: _ASCII, _REQUEST_ID: _TEXT}
    | {_HANDSET: _TEXT, _LOCATION_AREA: _TEXT}
)
_TEXTS = RowLayout.of(
    {1: _TEXT, 2: _TEXT, 3: _TEXT, 4: _NUMBER, 5: _SMALL, 6: _ASCII, _REQUEST_ID: _TEXT}
)
_LINKS = RowLayout.of(
    {1: _TEXT, 2: _TEXT, 3: _NUMBER, _REQUEST_ID: _TEXT} | dict.fromkeys(_HOST_FACTS, _OPTIONAL)
)


class ColumnarDecoder:
    """Reads rows the way one country writes its numbers."""

    def __init__(self, home: HomePlan) -> None:
        self._home = home

    def calls(self, data: bytes, count: int, now_ms: int) -> Calls:
        """Read *count* call attempts, which are all that *data* holds."""
        rows = WireRows(data, count, _CALLS)
        times, trunks = rows.number(3), rows.text(6)
        request_ids = _request_ids(rows)
        handset_texts = _place_texts(rows, _HANDSET)
        handsets, areas = _checksums(handset_texts), _checksums(_place_texts(rows, _LOCATION_AREA))
        if np.maximum.reduce(trunks.lengths) > MAX_TRUNK_CHARACTERS:
            raise Unusual
        callers, callees = self._parties(rows)
        wrong = ~np.logical_and(callers, callees)  # what cannot be read is 0
        wrong |= not_times(times)
        return Calls(
            callers=callers,
            callees=callees,
            attempted_at_ms=or_now(times, now_ms),
            ingress=known(rows.small(4), LAST_INGRESS),
            attestations=known(rows.small(5), LAST_ATTESTATION),
            trunks=rows.short_strings(6),
            names=_names(rows, callers),
            errors={
                row: wrong_with_call(self._home, pb.Call.FromString(rows.row(row)))
                for row in rows_of(wrong)
            },
            request_ids=request_ids,
            handsets=handsets,
            location_areas=areas,
            handset_texts=handset_texts,
        )

    def texts(self, data: bytes, count: int, now_ms: int) -> Texts:
        """Read *count* text messages, which are all that *data* holds."""
        rows = WireRows(data, count, _TEXTS)
        words, times, trunks = rows.text(3), rows.number(4), rows.text(6)
        request_ids = _request_ids(rows)
        too_long = np.maximum.reduce(words.lengths) > MAX_TEXT_BYTES
        if too_long or np.maximum.reduce(trunks.lengths) > MAX_TRUNK_CHARACTERS:
            raise Unusual
        bodies, trunk_names = rows.strings(words), rows.short_strings(6)
        senders, receivers = self._parties(rows)
        wrong = ~np.logical_and(senders, receivers)
        wrong |= not_times(times)
        wrong |= words.lengths == 0
        errors = {}
        for row in rows_of(wrong):
            errors[row] = wrong_with_text(self._home, pb.Text.FromString(rows.row(row)))
            bodies[row] = ""
        return Texts(
            senders=senders,
            receivers=receivers,
            bodies=bodies,
            submitted_at_ms=or_now(times, now_ms),
            ingress=known(rows.small(5), LAST_INGRESS),
            trunks=trunk_names,
            names=_names(rows, senders),
            errors=errors,
            request_ids=request_ids,
        )

    def links(self, data: bytes, count: int, now_ms: int) -> Links:
        """Read *count* look-ups of links, which are all that *data* holds."""
        rows = WireRows(data, count, _LINKS)
        given, askers, times = rows.text(1), rows.text(2), rows.number(3)
        request_ids = _request_ids(rows)
        if (given.lengths > MAX_URL_BYTES).any():
            raise Unusual
        urls = canonicals_in(rows.buffer, given.starts, given.lengths, partial(rows.string, given))
        told = askers.lengths > 0
        subscribers = np.zeros(len(rows), np.int64)
        if told.any():
            subscribers = self._keys(rows, askers)
        wrong = not_times(times) | ((subscribers == UNREADABLE) & told)
        if "" in urls:
            wrong |= [not url for url in urls]
        return Links(
            urls=urls,
            subscribers=subscribers,
            requested_at_ms=or_now(times, now_ms),
            errors={
                row: wrong_with_link(pb.Link.FromString(rows.row(row)), urls[row])
                for row in rows_of(wrong)
            },
            request_ids=request_ids,
            facts=_host_facts(rows),
        )

    def _parties(self, rows: WireRows) -> tuple[Int64s, Int64s]:
        """Read who sends, which may be a name, and who receives: fields 1 and 2, together."""
        keys = self._keys(rows, rows.texts(1, 2), names=len(rows))
        return keys[: len(rows)], keys[len(rows) :]

    def _keys(self, rows: WireRows, spans: FieldSpans, names: int = 0) -> Int64s:
        """Read parties, of which the first *names* may be names."""
        home = self._home
        keys, unread = party_columns.keys(
            rows.buffer, spans.starts, spans.lengths, home.country_code
        )
        if unread:
            for row in rows_of(keys == UNREADABLE):
                text = rows.string(spans, row)
                keys[row] = home.sender_key(text) if row < names else home.number_key(text)
        return keys


def _names(rows: WireRows, keys: Int64s) -> dict[int, str]:
    named = keys >= FIRST_SENDER
    if not np.count_nonzero(named):
        return {}
    spans = rows.text(1)
    return {row: sender_name(rows.string(spans, row)) for row in rows_of(named)}


def _place_texts(rows: WireRows, field: int) -> Sequence[str]:
    """Read handsets or location areas, which few switches send; none where no row has one."""
    spans = rows.text(field)
    longest = np.maximum.reduce(spans.lengths)
    if not longest:
        return ()
    if longest > MAX_TRUNK_CHARACTERS:
        raise Unusual
    # As texts, so that what is not UTF-8 is told.
    return rows.strings(spans)


def _checksums(texts: Sequence[str]) -> Uint32s | None:
    return np.array([checksum(text.encode()) for text in texts], np.uint32) if texts else None


def _request_ids(rows: WireRows) -> dict[int, str]:
    """Read the ids of requests, which few have."""
    spans = rows.text(_REQUEST_ID)
    longest = np.maximum.reduce(spans.lengths)
    if not longest:
        return {}
    if longest > MAX_REQUEST_ID_CHARACTERS:
        raise Unusual
    found = {row: rows.string(spans, row) for row in rows_of(spans.lengths > 0)}
    if not all(map(is_request_id, found.values())):
        raise Unusual
    return found


def _host_facts(rows: WireRows) -> HostFacts | None:
    """Read what gateways tell of the domains of links; None where none does."""
    age, seen, rank = (rows.optional_number(field) for field in _HOST_FACTS)
    if max(map(np.maximum.reduce, (age, seen, rank))) == UNKNOWN_FACT:
        return None
    return HostFacts(domain_age_days=age, first_seen_days=seen, popularity_rank=rank)
