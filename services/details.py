"""What only some rows of an answer have: the entry that decided, the fraud type, an error."""

from collections.abc import Mapping
from dataclasses import replace

import numpy as np

from blocklists.entries import entry_id
from blocklists.snapshot import Snapshot
from fanzha.decisions import Action, Detail, Evidence, Reason
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Uint8s
from services.evidence import Listed
from services.moment_stage import Suspicion
from services.policy import Ruling

_BLOCKLISTED, _ALLOWLISTED = np.uint8(Reason.BLOCKLISTED), np.uint8(Reason.ALLOWLISTED)


def by_list(ruling: Ruling) -> Bools:
    """Tell which rows a list entry decided."""
    blocked: Bools = ruling.reasons == _BLOCKLISTED
    allowed: Bools = ruling.reasons == _ALLOWLISTED
    return blocked | allowed


def of_rows(
    errors: Mapping[int, str],
    ruling: Ruling,
    listed: Listed,
    snapshot: Snapshot,
    *,
    fraud_types: Uint8s | None,
    suspicion: Suspicion | None,
) -> dict[int, Detail]:
    """Collect the details.

    *fraud_types* are the model's, one per row, where it has any; *suspicion* is the moment
    model's, of which rows that reach its threshold are told.
    """
    details: dict[int, Detail] = {}
    # Row by row, as few rows are hits; each reads its entry from the mapped file.
    for row in np.flatnonzero(by_list(ruling)).tolist():
        kind, pattern, fraud_type = snapshot.named(int(listed.rows[row]))
        details[row] = Detail(
            entry_id=entry_id(kind, pattern, Action(int(listed.actions[row]))),
            pattern=pattern,
            evidence=Evidence(int(listed.evidence[row])),
            fraud_type=fraud_type,
        )
    if fraud_types is not None:
        scored_out = (ruling.actions == Action.BLOCK) & (ruling.reasons == Reason.SCORED)
        for row in np.flatnonzero(scored_out & (fraud_types > 0)).tolist():
            details[row] = Detail(fraud_type=FraudType(int(fraud_types[row])))
    if suspicion is not None:
        for row, score, facts in suspicion.told():
            known = details.get(row)
            if known is None:
                details[row] = Detail(moment_score=score, moment_facts=facts)
            else:
                details[row] = replace(known, moment_score=score, moment_facts=facts)
    for row, error in errors.items():
        details[row] = Detail(error=error)
    return details
