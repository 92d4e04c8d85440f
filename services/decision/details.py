"""What only some rows of an answer have: the entry that decided, the fraud type, an error."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from blocklists.entries import entry_id
from blocklists.snapshot.snapshot import Snapshot
from fanzha.decisions import Action, Detail, MatchedOn, Reason
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Int64s, Uint8s
from services.decision.list_match import ListMatch
from services.decision.rules import Ruling
from services.decision.velocity import Suspicion

KNOWN_ENTRIES = 16_384
"""What is said of so many entries is kept at most; who calls once on a list calls again."""

# Members of an enum cost a microsecond each time they are named; these do not.
_BLOCK = np.uint8(Action.BLOCK)
_BLOCKLISTED, _ALLOWLISTED = np.uint8(Reason.BLOCKLISTED), np.uint8(Reason.ALLOWLISTED)
_SCORED = np.uint8(Reason.SCORED)


class EntryDetails:
    """What is said of the entries of one snapshot, made once each. One thread only."""

    def __init__(self, most: int = KNOWN_ENTRIES) -> None:
        self._most = most
        self._snapshot: Snapshot | None = None
        self._known: dict[tuple[int, int, int], Detail] = {}

    def __len__(self) -> int:
        return len(self._known)

    def of(self, snapshot: Snapshot, row: int, action: int, matched_on: int) -> Detail:
        """Return what is said of the entry in *row*, whose action is *action*."""
        if snapshot is not self._snapshot or len(self._known) >= self._most:
            self._snapshot, self._known = snapshot, {}
        key = row, action, matched_on
        detail = self._known.get(key)
        if detail is None:
            entry = snapshot.identity_of(row)
            detail = self._known[key] = Detail(
                entry_id=entry_id(entry.kind, entry.pattern, Action(action)),
                pattern=entry.pattern,
                matched_on=MatchedOn(matched_on),
                fraud_type=entry.fraud_type,
                source=entry.source,
                legal_basis=entry.legal_basis,
                campaign=entry.campaign,
            )
        return detail


def by_list(ruling: Ruling) -> Int64s:
    """Return the rows that a list entry decided."""
    decided: Bools = ruling.reasons == _BLOCKLISTED
    decided |= ruling.reasons == _ALLOWLISTED
    return decided.nonzero()[0]


def of_rows(
    ruling: Ruling,
    listed: ListMatch,
    decided: Int64s,
    snapshot: Snapshot,
    entries: EntryDetails,
    *,
    errors: Mapping[int, str],
    fraud_types: Uint8s | None,
    suspicion: Suspicion | None,
) -> dict[int, Detail]:
    """Collect the details.

    *decided* are the rows that a list entry decided. *fraud_types* are the model's, one per row,
    where it has any; *suspicion* is the velocity model's, of which rows that reach its threshold
    are told.
    """
    details: dict[int, Detail] = {}
    # Row by row, as few rows are hits.
    if len(decided):
        matches = zip(
            decided.tolist(),
            listed.rows[decided].tolist(),
            listed.actions[decided].tolist(),
            listed.matched_on[decided].tolist(),
            strict=True,
        )
        details = {
            row: entries.of(snapshot, entry, action, matched_on)
            for row, entry, action, matched_on in matches
        }
    if fraud_types is not None:
        scored_out = (ruling.actions == _BLOCK) & (ruling.reasons == _SCORED)
        for row in np.flatnonzero(scored_out & (fraud_types > 0)).tolist():
            details[row] = Detail(fraud_type=FraudType(int(fraud_types[row])))
    if suspicion is not None:
        for row, score, facts in suspicion.told():
            known = details.get(row)
            if known is None:
                details[row] = Detail(velocity_score=score, velocity_inputs=facts)
            else:
                details[row] = replace(known, velocity_score=score, velocity_inputs=facts)
    for row, error in errors.items():
        details[row] = Detail(error=error)
    return details
