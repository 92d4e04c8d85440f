"""Labelled training examples from cases with an informative outcome.

A case gives the label and the decision ids; the decision log gives decisions and texts, as long as
it retains them. Nothing is stored twice, and no example outlives its case or its text.
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
"""Labels as `classifiers.evaluation.labels` expects them."""

Row = Mapping[str, Any]


@dataclass(frozen=True, slots=True, kw_only=True)
class LabelledDecision:
    """A decision of a case, or one with a verdict; of a case without decisions one of its means."""

    label: str
    channel: str = ""
    text: str = ""
    """Text of the message; empty if it was not logged or has expired."""
    url: str = ""
    source: str = SOURCE
    category: str = ""
    """Kind of fraud, for the label fraud."""
    group: str
    """Digest of the campaign, so that a split keeps a campaign on one side."""
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
    retained: str
    """``decision`` or ``text`` (with it) from the log; ``gone``: not in the log; ``means``."""
    case_id: str = ""
    """Set, like `sender`, only with *full*: it identifies a person."""
    sender: str = ""


def examples(
    case: Case, logged: Mapping[int, Row], contents: Mapping[int, Row], *, full: bool = False
) -> Iterator[LabelledDecision]:
    """Build the examples of a case; *logged* and *contents* are by decision id."""
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
            yield LabelledDecision(**common, decision_id=decision_id, retained="gone")
            continue
        results = contents.get(decision_id)
        yield LabelledDecision(
            **common,
            **of_decision(row, results),
            decision_id=decision_id,
            retained="text" if results else "decision",
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
                retained="means",
                sender=means.value if whole else "",
            )


def decisions_of(case: Case) -> tuple[int, ...]:
    """Return the decision ids to read from the log."""
    return case.decisions if case.outcome in LABELS else ()


def as_row(example: LabelledDecision) -> dict[str, Any]:
    """Return an example as a table row."""
    return asdict(example)


def usable_by(example: LabelledDecision, model: str) -> bool:
    """Whether *model* (text or link) can train on it; True for any other model."""
    entry = {"text": example.text, "link": example.url}
    return bool(entry.get(model, "yes"))


def count_case(case: Case, counts: Counter[str]) -> None:
    """Count a case, and whether it has more decisions than its view keeps."""
    counts["cases"] += 1
    counts["cut"] += len(case.decisions) >= MOST_KEPT


def of_decision(row: Row, results: Row | None) -> dict[str, Any]:
    """Return the fields of an example that a logged decision and its content tell."""
    links = results["urls"] if results and results.get("urls") else ()
    of_link = row["channel"] == Channel.LINK.name
    return {
        "channel": row["channel"].lower(),
        "text": results["body"] if results else "",
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
