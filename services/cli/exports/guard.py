"""Keeps out of exports what no list may hold, even if a store holds it.

Lists are guarded when entries are made. Another system does not have that guard, and what somebody
wrote straight into the store would act there: so it is asked again here, of what is written.
"""

from collections.abc import Sequence

from blocklists import patterns, protected
from blocklists.entries import Kind
from blocklists.entry_table import Identities, pattern_key
from fanzha.decisions import Action
from fanzha.errors import InvalidInput
from fanzha.v1 import blocklist_pb2 as pb
from services.cli.exports.forms import LeftOut

_CANONICAL = {
    pb.ENTRY_KIND_HOST: patterns.canonical_name,
    pb.ENTRY_KIND_URL_PREFIX: patterns.canonical_prefix,
}


def is_canonical(entry: pb.Entry) -> bool:
    """Tell whether a host or URL is spelled as lists spell it, and so holds no other signs."""
    return _spelled(entry) == entry.pattern


def refusals(entries: Sequence[pb.Entry]) -> dict[int, LeftOut]:
    """Say which rows of *entries* no export may hold, and why."""
    refused: dict[int, LeftOut] = {}
    rows: list[int] = []
    named: list[tuple[Kind, str, Action]] = []
    for row, entry in enumerate(entries):
        one = (Kind(entry.kind), _spelled(entry) or entry.pattern, Action(entry.action))
        try:
            pattern_key(one[0], one[1])
        except InvalidInput:
            refused[row] = LeftOut.PATTERN
        else:
            rows.append(row)
            named.append(one)
    identities = Identities.of(named)
    for at in protected.suspects(identities).tolist():
        kind, pattern, action = named[at]
        key, digits = int(identities.keys[at]), int(identities.digits[at])
        if protected.refusal(kind, pattern, key, digits, action):
            refused[rows[at]] = LeftOut.PROTECTED
    return refused


def _spelled(entry: pb.Entry) -> str:
    spell = _CANONICAL.get(entry.kind)
    return spell(entry.pattern) if spell else entry.pattern
