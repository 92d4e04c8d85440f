"""Labelled examples: what cases that teach say of the decisions behind them.

The reference is the case itself, which names its decisions and its outcome; what was decided, and
what a text said, stands in the decision log, as far and as long as that keeps it. So nothing is
kept twice, and an example outlives neither the case nor the retention of texts.
"""

from collections import Counter
from collections.abc import Iterator, Mapping
from dataclasses import asdict, dataclass
from hashlib import blake2b
from typing import Any

from fanzha.tables import Channel
from services.decision_log.query import party
from services.warning.cases.events import CaseOutcome
from services.warning.cases.model import Case
from services.warning.cases.state_machine import MOST_KEPT
from services.warning.model import MeansKind

SOURCE = "cases"
LABELS = {CaseOutcome.LOST_MONEY: "fraud", CaseOutcome.FALSE_ALARM: "nonfraud"}
"""As `classifiers.evaluation.labels` reads them."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledDecision:
    """One decision of a case, or one of its means where no decision of ours is behind it."""

    label: str
    channel: str = ""
    text: str = ""
    """What the text said; empty where that is not logged, or no longer."""
    url: str = ""
    source: str = SOURCE
    category: str = ""
    """Kind of fraud, of fraud."""
    group: str
    """The same for all of a campaign, so that none is split between training and testing."""
    outcome: str
    closed_at_ms: int
    means_kind: str = ""
    decision_id: int | str = ""
    decided_at_ms: int | str = ""
    action: str = ""
    reason: str = ""
    score: float | str = ""
    model_version: str = ""
    entry_id: str = ""
    ingress: str = ""
    attestation: str = ""
    kept: str
    """``decision`` as logged, with its ``text``; ``gone``: too old, or never logged; ``means``."""
    case_id: str = ""
    """With the next one only where whole numbers are asked for: it stands for a person."""
    sender: str = ""


def examples(
    case: Case, logged: Mapping[int, Row], contents: Mapping[int, Row], *, full: bool = False
) -> Iterator[LabelledDecision]:
    """Make the examples of a case of what the log still has, by decision id."""
    if case.outcome not in LABELS:
        return
    fraud = case.outcome is CaseOutcome.LOST_MONEY
    common: dict[str, Any] = {
        "label": LABELS[case.outcome],
        "category": case.fraud_type.name.lower() if fraud and case.fraud_type else "",
        "group": blake2b(case.campaign.encode(), digest_size=8).hexdigest(),
        "outcome": case.outcome.value,
        "closed_at_ms": case.closed_at_ms,
        "case_id": case.id if full else "",
    }
    for decision_id in case.decisions:
        row = logged.get(decision_id)
        if row is None:
            yield LabelledDecision(**common, decision_id=decision_id, kept="gone")
            continue
        said = contents.get(decision_id)
        yield LabelledDecision(
            **common,
            **_of_decision(row, said),
            decision_id=decision_id,
            kept="text" if said else "decision",
            sender=party(row, "from") if full else "",
        )
    if not case.decisions:
        for means in case.means:
            link = means.value if means.kind is MeansKind.LINK else ""
            whole = full and means.kind in (MeansKind.CALLER, MeansKind.SENDER)
            yield LabelledDecision(
                **common,
                means_kind=means.kind.value,
                url=link,
                kept="means",
                sender=means.value if whole else "",
            )


def decisions_of(case: Case) -> tuple[int, ...]:
    """Return the decisions that the log is asked for."""
    return case.decisions if case.outcome in LABELS else ()


def as_row(example: LabelledDecision) -> dict[str, Any]:
    """Return an example as a row of a table."""
    return asdict(example)


def usable_by(example: LabelledDecision, model: str) -> bool:
    """Tell whether a model of *model*, sms or url, can learn from it; any other word: yes."""
    wanted = {"sms": example.text, "url": example.url}
    return bool(wanted.get(model, "yes"))


def count_case(case: Case, counts: Counter[str]) -> None:
    """Count a case, and one with more decisions than it keeps."""
    counts["cases"] += 1
    counts["cut"] += len(case.decisions) >= MOST_KEPT


def _of_decision(row: Row, said: Row | None) -> dict[str, Any]:
    links = said["urls"] if said and said.get("urls") else ()
    of_link = row["channel"] == Channel.LINK.name
    return {
        "channel": row["channel"].lower(),
        "text": said["body"] if said else "",
        "url": row.get("url") or "" if of_link else next(iter(links), ""),
        "decided_at_ms": row["decided_at_ms"],
        "action": (row["action"] or "").lower(),
        "reason": (row["reason"] or "").lower(),
        "score": "" if row.get("score") is None else round(float(row["score"]), 6),
        "model_version": row.get("model_version") or "",
        "entry_id": row.get("entry_id") or "",
        "ingress": (row.get("ingress") or "").lower(),
        "attestation": (row.get("attestation") or "").lower(),
    }
