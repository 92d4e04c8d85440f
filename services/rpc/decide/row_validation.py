"""What is wrong with a row, and what holds instead: shared by both ways of reading."""

from collections.abc import Sequence
from typing import Literal
from zlib import crc32

import numpy as np

from fanzha import party_address
from fanzha.phone import UNREADABLE, HomePlan
from fanzha.tables import Attestation, Bools, Ingress, Int64s, Uint8s
from fanzha.v1 import interception_pb2 as pb

HostFact = Literal["domain_age_days", "first_seen_days", "popularity_rank"]
MAX_TRUNK_CHARACTERS = 64
MAX_PARTY_CHARACTERS = 64
MAX_REQUEST_ID_CHARACTERS = 64
_NO_REQUEST_ID = f"request_id: more than {MAX_REQUEST_ID_CHARACTERS} printable ASCII characters"
LAST_INGRESS, LAST_ATTESTATION = int(max(Ingress)), int(max(Attestation))
"""The last values of these enums that are known; finding them costs more than reading a column."""
HOST_FACTS: tuple[HostFact, ...] = ("domain_age_days", "first_seen_days", "popularity_rank")
"""The fields of a link that are those of `fanzha.tables.HostFacts`, in their order."""
LAST_MS = 253_402_300_799_999
"""The end of the year 9999."""


def rows_of(column: Bools) -> list[int]:
    """Return the rows where *column* is true."""
    rows: list[int] = column.nonzero()[0].tolist()
    return rows


def not_times(times: Int64s) -> Bools:
    """Say which times lie before 1970 or after 9999."""
    # What is below 0 is very large without its sign.
    wrong: Bools = times.view(np.uint64) > LAST_MS
    return wrong


def or_now(times: Int64s, now_ms: int) -> Int64s:
    """Put *now_ms* where there is no time, or none that can be."""
    # So is 0, once 1 is taken away.
    missing = times.view(np.uint64) - np.uint64(1) >= LAST_MS
    return np.where(missing, now_ms, times) if np.count_nonzero(missing) else times


def known(numbers: Sequence[int] | Uint8s, last: int) -> Uint8s:
    """Read an enum; what a later version added is "not known"."""
    if isinstance(numbers, np.ndarray):
        beyond = numbers > last
        return np.where(beyond, np.uint8(0), numbers) if np.count_nonzero(beyond) else numbers
    # Enums are open on the wire: any int32 may arrive.
    if min(numbers, default=0) < 0 or max(numbers, default=0) > last:
        numbers = [number if 0 <= number <= last else 0 for number in numbers]
    return np.array(numbers, np.uint8)


def checksum(text: bytes) -> int:
    """Return what is kept of a text of which only equality matters; 0 of an empty one."""
    return crc32(text)


def is_request_id(text: str) -> bool:
    """Say whether a text may be the id of a request; an empty one is none."""
    return len(text) <= MAX_REQUEST_ID_CHARACTERS and text.isascii() and text.isprintable()


def wrong_with_call(home: HomePlan, call: pb.Call) -> str:
    """Say what is wrong with a call that has something wrong."""
    if home.sender_key(call.caller) == UNREADABLE:
        return _not_a_party("caller", call.caller)
    if home.number_key(call.callee) == UNREADABLE:
        return _not_a_party("callee", call.callee)
    if error := _wrong_with_names(call) or _wrong_with_places(call):
        return error
    return f"attempted_at_ms: not a time: {call.attempted_at_ms}"


def wrong_with_text(home: HomePlan, text: pb.Text) -> str:
    """Say what is wrong with a text; empty when nothing is."""
    if home.sender_key(text.sender) == UNREADABLE:
        return _not_a_party("sender", text.sender)
    if home.number_key(text.receiver) == UNREADABLE:
        return _not_a_party("receiver", text.receiver)
    if not text.body:
        return "body: empty"
    if error := _wrong_with_names(text):
        return error
    if not 0 <= text.submitted_at_ms <= LAST_MS:
        return f"submitted_at_ms: not a time: {text.submitted_at_ms}"
    return ""


def _wrong_with_places(call: pb.Call) -> str:
    for name in ("handset", "location_area"):
        if len(getattr(call, name)) > MAX_TRUNK_CHARACTERS:
            return f"{name}: longer than {MAX_TRUNK_CHARACTERS} characters"
    return ""


def _wrong_with_names(row: pb.Call | pb.Text) -> str:
    if len(row.trunk) > MAX_TRUNK_CHARACTERS:
        return f"trunk: longer than {MAX_TRUNK_CHARACTERS} characters"
    return "" if is_request_id(row.request_id) else _NO_REQUEST_ID


def wrong_with_link(link: pb.Link, url: str) -> str:
    """Say what is wrong with a link that has something wrong; *url* is its canonical form."""
    if not url:
        if not link.url:
            return "url: empty"
        return f"url: has no host that can be read: {link.url[:100]!r}"
    if not 0 <= link.requested_at_ms <= LAST_MS:
        return f"requested_at_ms: not a time: {link.requested_at_ms}"
    if not is_request_id(link.request_id):
        return _NO_REQUEST_ID
    return _not_a_party("subscriber", link.subscriber)


def _not_a_party(field: str, text: str) -> str:
    if not text:
        return f"{field}: empty"
    fault = "an address without a number" if party_address.is_uri(text) else "cannot be read"
    return f"{field}: {fault}: {text[:MAX_PARTY_CHARACTERS]!r}"
