"""Crosses the wire inwards for requests as they usually are: bytes to tables, no messages.

Gives the tables that `services.rpc.decide.message_decoder` gives for the same rows, or raises
`Unusual`. Only rows with something wrong, names and spellings that are rare in
signalling become Python objects; bodies and links have to.
"""

import numpy as np

from fanzha import party_columns
from fanzha.phone import FIRST_SENDER, UNREADABLE, HomePlan, sender_name
from fanzha.tables import (
    MAX_TEXT_BYTES,
    MAX_URL_BYTES,
    Calls,
    HostFacts,
    Int64s,
    Links,
    Texts,
    Uint32s,
)
from fanzha.url import canonicals
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
from services.rpc.decide.wire_format import FieldSpans, Unusual, WireRows

_REQUEST_ID = 8
"""Field of the id of a request in rows of all channels."""
_HANDSET, _LOCATION_AREA = 9, 10
"""Fields of calls."""
_HOST_FACTS = 9, 10, 11
"""Fields of links, in the order of `fanzha.tables.HostFacts`."""


class ColumnarDecoder:
    """Reads rows the way one country writes its numbers."""

    def __init__(self, home: HomePlan) -> None:
        self._home = home

    def calls(self, rows: WireRows, now_ms: int) -> Calls:
        """Read call attempts."""
        from_, to, times = rows.text(1), rows.text(2), rows.number(3)
        ingress, attestations, trunks = rows.small(4), rows.small(5), rows.text(6)
        request_ids, places = _rare_fields(rows)
        if np.maximum.reduce(trunks.lengths) > MAX_TRUNK_CHARACTERS:
            raise Unusual
        callers, callees = self._parties(rows, from_, to)
        wrong = ~np.logical_and(callers, callees)  # what cannot be read is 0
        wrong |= not_times(times)
        return Calls(
            callers=callers,
            callees=callees,
            attempted_at_ms=or_now(times, now_ms),
            ingress=known(ingress, LAST_INGRESS),
            attestations=known(attestations, LAST_ATTESTATION),
            trunks=rows.short_strings(trunks),
            names=_names(rows, from_, callers),
            errors={
                row: wrong_with_call(self._home, pb.Call.FromString(rows.row(row)))
                for row in rows_of(wrong)
            },
            request_ids=request_ids,
            handsets=places[0],
            location_areas=places[1],
        )

    def texts(self, rows: WireRows, now_ms: int) -> Texts:
        """Read text messages."""
        from_, to, words, times = rows.text(1), rows.text(2), rows.text(3), rows.number(4)
        ingress, trunks = rows.small(5), rows.text(6)
        request_ids = _request_ids(rows)
        too_long = np.maximum.reduce(words.lengths) > MAX_TEXT_BYTES
        if too_long or np.maximum.reduce(trunks.lengths) > MAX_TRUNK_CHARACTERS:
            raise Unusual
        bodies, trunk_names = rows.strings(words), rows.short_strings(trunks)
        senders, receivers = self._parties(rows, from_, to)
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
            ingress=known(ingress, LAST_INGRESS),
            trunks=trunk_names,
            names=_names(rows, from_, senders),
            errors=errors,
            request_ids=request_ids,
        )

    def links(self, rows: WireRows, now_ms: int) -> Links:
        """Read look-ups of links."""
        given, askers, times = rows.text(1), rows.text(2), rows.number(3)
        request_ids, facts = _rare_link_fields(rows)
        if (given.lengths > MAX_URL_BYTES).any():
            raise Unusual
        urls = canonicals(rows.strings(given))
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
            facts=facts,
        )

    def _parties(self, rows: WireRows, from_: FieldSpans, to: FieldSpans) -> tuple[Int64s, Int64s]:
        """Read who sends, which may be a name, and who receives; together it is quicker."""
        both = FieldSpans(
            starts=np.concatenate((from_.starts, to.starts)),
            lengths=np.concatenate((from_.lengths, to.lengths)),
        )
        keys = self._keys(rows, both, names=len(rows))
        return keys[: len(rows)], keys[len(rows) :]

    def _keys(self, rows: WireRows, spans: FieldSpans, names: int = 0) -> Int64s:
        """Read parties, of which the first *names* may be names."""
        keys, read = party_columns.keys(
            rows.buffer, spans.starts, spans.lengths, self._home.country_code
        )
        if np.count_nonzero(read) < len(read):
            for row in rows_of(~read):
                text = rows.string(spans, row)
                home = self._home
                keys[row] = home.sender_key(text) if row < names else home.number_key(text)
        return keys


def _names(rows: WireRows, spans: FieldSpans, keys: Int64s) -> dict[int, str]:
    return {row: sender_name(rows.string(spans, row)) for row in rows_of(keys >= FIRST_SENDER)}


def _rare_fields(rows: WireRows) -> tuple[dict[int, str], tuple[Uint32s | None, Uint32s | None]]:
    """Take the last fields of calls, which few requests have, and close the rows.

    They are the ids of requests, and the checksums of handsets and location areas.
    """
    if rows.ended():
        return {}, (None, None)
    ids, handsets, areas = rows.text(_REQUEST_ID), rows.text(_HANDSET), rows.text(_LOCATION_AREA)
    rows.close()
    return _read_request_ids(rows, ids), (_checksums(rows, handsets), _checksums(rows, areas))


def _checksums(rows: WireRows, spans: FieldSpans) -> Uint32s | None:
    longest = np.maximum.reduce(spans.lengths)
    if not longest:
        return None
    if longest > MAX_TRUNK_CHARACTERS:
        raise Unusual
    # As texts, so that what is not UTF-8 is told.
    return np.array([checksum(text.encode()) for text in rows.strings(spans)], np.uint32)


def _rare_link_fields(rows: WireRows) -> tuple[dict[int, str], HostFacts | None]:
    """Take the last fields of links, which few requests have, and close the rows."""
    if rows.ended():
        return {}, None
    ids = rows.text(_REQUEST_ID)
    facts = None
    if not rows.ended():
        age, seen, rank = (rows.optional_number(field) for field in _HOST_FACTS)
        facts = HostFacts(domain_age_days=age, first_seen_days=seen, popularity_rank=rank)
    rows.close()
    return _read_request_ids(rows, ids), facts


def _request_ids(rows: WireRows) -> dict[int, str]:
    """Take the last field, which few requests have, and close the rows."""
    spans = rows.last_text(_REQUEST_ID)
    return {} if spans is None else _read_request_ids(rows, spans)


def _read_request_ids(rows: WireRows, spans: FieldSpans) -> dict[int, str]:
    if np.maximum.reduce(spans.lengths) > MAX_REQUEST_ID_CHARACTERS:
        raise Unusual
    found = {row: rows.string(spans, row) for row in rows_of(spans.lengths > 0)}
    if not all(map(is_request_id, found.values())):
        raise Unusual
    return found
