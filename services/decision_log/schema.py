"""The columns of the decision log: what a Parquet segment holds, and the words in it.

Enums are written as words, so that a warehouse needs no code book; Parquet keeps each word of a
segment once. Times are milliseconds since the Unix epoch, numbers the keys of `fanzha.phone`.
"""

from collections.abc import Sequence
from enum import IntEnum

import numpy as np
import pyarrow as pa

from blocklists.entries import Source
from fanzha.decisions import Action, MatchedOn, Reason
from fanzha.fraud import FraudType
from fanzha.tables import Attestation, Channel, Ingress, Uint8s

CALL_ENDS = "call_ends"
"""Folder of ended calls."""
TEXT_CONTENT = "text_content"
"""Folder of what texts said, apart from the rest: it is kept for a shorter time, if at all."""
FOLDERS = {Channel.CALL: "call", Channel.TEXT: "text", Channel.LINK: "link"}
"""Folder of the decisions of each channel."""
ALL_FOLDERS = (*FOLDERS.values(), CALL_ENDS, TEXT_CONTENT)

VELOCITY_INPUTS = pa.map_(pa.string(), pa.float32())
"""Inputs of the velocity model by name."""

DECISIONS = pa.schema(
    [
        ("decision_id", pa.uint64()),
        ("channel", pa.string()),
        ("decided_at_ms", pa.int64()),
        ("occurred_at_ms", pa.int64()),
        ("from_key", pa.int64()),
        ("to_key", pa.int64()),
        ("from_name", pa.string()),
        ("host", pa.string()),
        ("url", pa.string()),
        ("hosts", pa.list_(pa.string())),
        ("action", pa.string()),
        ("reason", pa.string()),
        ("score", pa.float32()),
        ("threshold", pa.float32()),
        ("monitored", pa.bool_()),
        ("carrier", pa.string()),
        ("fraud_type", pa.string()),
        ("entry_id", pa.string()),
        ("pattern", pa.string()),
        ("source", pa.string()),
        ("evidence", pa.string()),
        ("would_block_entry_id", pa.string()),
        ("would_block_pattern", pa.string()),
        ("list_version", pa.int64()),
        ("model_version", pa.string()),
        ("link_score", pa.float32()),
        ("related_entity", pa.string()),
        ("related_evidence", pa.string()),
        ("related_to", pa.string()),
        ("related_since_ms", pa.int64()),
        ("velocity_score", pa.float32()),
        ("velocity_version", pa.string()),
        ("ingress", pa.string()),
        ("attestation", pa.string()),
        ("weight", pa.uint32()),
        ("trunk", pa.string()),
        ("rules_held", pa.string()),
        ("settings", pa.string()),
        ("policy_version", pa.int64()),
        ("link_version", pa.string()),
        ("velocity_threshold", pa.float32()),
        ("caller_activity", pa.list_(pa.float32())),
        ("velocity_inputs", VELOCITY_INPUTS),
        ("sender_history", VELOCITY_INPUTS),
        ("host_facts", VELOCITY_INPUTS),
        ("handset_hash", pa.uint64()),
    ]
)
"""A decision. Null: there is none, or it is not known. ``would_block_…`` is the shadow entry that
would have blocked, whatever was decided; ``monitored`` is a row that was let through only because
its carrier monitors the channel, with the reason of the block; ``rules_held`` the rules that held,
the deciding one first, with commas; ``policy_version`` that of the carrier policy, 0 for none and
for one of a file; ``caller_activity`` the fields of `ACTIVITY`; ``velocity_inputs`` leaves out
zeros; ``sender_history`` and ``host_facts`` are those of `fanzha.decisions.Detail`;
``handset_hash`` is that of `services.decision_log.handsets`, where the settings say so."""

ACTIVITY = (
    "outgoing_calls",
    "incoming_calls",
    "counterparts",
    "active_days",
    "active_hours",
    "ended_calls",
    "answered_calls",
    "connected_calls",
    "connected_seconds",
    "texts_sent",
    "texts_received",
    "text_counterparts",
    "handsets",
    "location_areas",
)
"""What ``caller_activity`` holds, in its order: the fields of `fanzha.tables.CallerActivity`. New
ones are appended."""

ENDS = pa.schema(
    [
        ("caller_key", pa.int64()),
        ("callee_key", pa.int64()),
        ("answered", pa.bool_()),
        ("duration_ms", pa.int64()),
        ("ended_at_ms", pa.int64()),
        ("decided_at_ms", pa.int64()),
        ("weight", pa.uint32()),
    ]
)
"""An ended call; ``decided_at_ms`` is when its end was reported."""

CONTENT = pa.schema(
    [
        ("decision_id", pa.uint64()),
        ("decided_at_ms", pa.int64()),
        ("body", pa.string()),
        ("urls", pa.list_(pa.string())),
    ]
)
"""What a text said, and the canonical links in it."""

OF_FOLDER = {
    **dict.fromkeys(FOLDERS.values(), DECISIONS),
    CALL_ENDS: ENDS,
    TEXT_CONTENT: CONTENT,
}


def _words(kind: type[IntEnum]) -> list[str]:
    """Return the word of each number; empty for zero, which says that nothing is known."""
    names = {int(member): member.name for member in kind if member}
    return [names.get(number, "") for number in range(max(names) + 1)]


_WORDS: dict[type[IntEnum], list[str]] = {
    kind: _words(kind)
    for kind in (Action, Reason, FraudType, Source, MatchedOn, Ingress, Attestation)
}


def words(kind: type[IntEnum], numbers: Uint8s) -> pa.DictionaryArray:
    """Write a column of numbers as the words of *kind*; unknown ones become null."""
    known = _WORDS[kind]
    places = np.where(numbers < len(known), numbers, 0).astype(np.int8)
    return pa.DictionaryArray.from_arrays(
        pa.array(places, mask=places == 0), pa.array(known, pa.string())
    )


def numbers(kind: type[IntEnum], column: pa.DictionaryArray) -> Uint8s:
    """Read a column of words, the reverse of `words`; 0 for null and for words not known."""
    places = {member.name: int(member) for member in kind}
    # A last place, so that null, written as -1, finds a zero.
    read = [places.get(word, 0) for word in column.dictionary.to_pylist()]
    mapped = np.array([*read, 0], np.uint8)
    indices = column.indices.fill_null(-1).to_numpy(zero_copy_only=False)
    found: Uint8s = mapped[indices]
    return found


def same_word(word: str, rows: int) -> pa.DictionaryArray:
    """Write the same word in every row."""
    return repeated([word], np.zeros(rows, np.int32))


def repeated(texts: Sequence[str], places: np.ndarray) -> pa.DictionaryArray:
    """Write texts that many rows share; an empty one becomes null."""
    # Parquet takes nulls in the places, not among the texts.
    empty = np.array([not text for text in texts])[places]
    return pa.DictionaryArray.from_arrays(
        pa.array(places.astype(np.int32), mask=empty), pa.array(texts, pa.string())
    )
