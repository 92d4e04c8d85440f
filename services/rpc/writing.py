"""Crosses the wire outwards: decisions to messages, and nothing else."""

from collections.abc import Callable
from typing import Any

import numpy as np

from fanzha.decisions import Decisions, Detail
from fanzha.v1 import decision_pb2 as pb

# Our enums carry the numbers of the wire; generated stubs want their own type for each.
_wire: Callable[[Any], Any] = int


def decisions_to_proto(decisions: Decisions) -> pb.Decisions:
    """Write all rows."""
    return pb.Decisions(
        first_decision_id=decisions.first_id,
        actions=decisions.actions.tolist(),
        reasons=decisions.reasons.tolist(),
        scores=decisions.scores.tolist(),
        threshold=decisions.threshold,
        list_version=decisions.list_version,
        model_version=decisions.model_version,
        moment_version=decisions.moment_version,
        details=[
            pb.Detail(
                row=row,
                entry_id=detail.entry_id,
                pattern=detail.pattern,
                evidence=_wire(detail.evidence),
                fraud_type=_wire(detail.fraud_type),
                error=detail.error,
                moment_score=detail.moment_score,
                moment_facts=detail.moment_facts,
            )
            for row, detail in decisions.details.items()
        ],
    )


_NO_DETAIL = Detail()


def decision_to_proto(decisions: Decisions, row: int) -> pb.Decision:
    """Write one row."""
    detail = decisions.details.get(row, _NO_DETAIL)
    score = float(decisions.scores[row])
    return pb.Decision(
        decision_id=decisions.first_id + row,
        action=_wire(decisions.actions[row]),
        reason=_wire(decisions.reasons[row]),
        score=None if np.isnan(score) else score,
        threshold=decisions.threshold,
        entry_id=detail.entry_id,
        pattern=detail.pattern,
        evidence=_wire(detail.evidence),
        fraud_type=_wire(detail.fraud_type),
        list_version=decisions.list_version,
        model_version=decisions.model_version,
        moment_score=detail.moment_score,
        moment_facts=detail.moment_facts,
        moment_version=decisions.moment_version,
    )
