"""Answers to requests.

Rows of a batch become objects on access only: an object costs one or two microseconds, a row of
the arrays a few nanoseconds.
"""

from collections.abc import Iterator, Mapping, Sequence
from dataclasses import dataclass
from itertools import repeat
from math import isnan
from typing import Any, overload

import grpc

from fanzha.client._failures import RequestFailed
from fanzha.v1 import decision_pb2 as pb
from fanzha.v1.protocol_answer_pb2 import ProtocolAnswer


@dataclass(frozen=True, slots=True, kw_only=True)
class Answer:
    """What to do with one call, text or link, and why; see ``decision.proto``."""

    action: int
    """ACTION_ALLOW or ACTION_BLOCK of `fanzha.v1.decision_pb2`."""
    reason: int
    """One REASON; new ones may be added."""
    score: float | None = None
    """Fraud probability; None when no model scored it."""
    threshold: float = 0.0
    decision_id: int = 0
    """Quote it in appeals and confirmations; 0 when no server decided, and in a dry run."""
    entry_id: str = ""
    pattern: str = ""
    evidence: int = 0
    fraud_type: int = 0
    source: int = 0
    """Who supplied the entry that blocked: one SOURCE; 0 unless an entry blocked."""
    legal_basis: str = ""
    """Legal basis of the entry that blocked; empty unless an entry blocked."""
    list_version: int = 0
    model_version: str = ""
    link_score: float | None = None
    """Highest score of a link in the text; None where none was scored."""
    link: str = ""
    """That link, in canonical form."""
    related_entity: str = ""
    """Number, name or link in it that is confirmed fraud, or seen with it; empty without one."""
    related_evidence: int = 0
    """What about the traffic that is: one EVIDENCE."""
    related_to: str = ""
    """The confirmed number or link that it is seen with; empty where it is confirmed itself."""
    related_since_ms: int = 0
    """Since when it is confirmed or suspected."""
    sender_history: Mapping[str, float] | None = None
    """With REASON_SENDER_HISTORY: what is remembered of the sender; see ``decision.proto``."""
    host_facts: Mapping[str, float] | None = None
    """Of a link whose score `domain_age_days` and the like changed; see ``decision.proto``."""
    treatment: int = 0
    """What else to do with traffic that is let through: one TREATMENT; 0: nothing."""
    label: int = 0
    """What to show to the receiver: one DISPLAY_LABEL."""
    delay_ms: int = 0
    """Milliseconds to wait before the block takes effect, or before treated traffic goes on."""
    cache_seconds: int | None = None
    """Of links: seconds for which the answer may be reused; None for other channels."""
    velocity_score: float | None = None
    velocity_version: str = ""
    protocol_answer: ProtocolAnswer | None = None
    """The answer in the protocols of networks, of what is blocked or labelled; None unless
    `Options.with_protocol_answer`."""
    failed_open: bool = False
    """No server answered in time, so the traffic is allowed."""
    status: grpc.StatusCode | None = None
    """Why no server answered."""
    monitored: bool = False
    """Whether it was allowed only because the carrier's policy monitors the channel."""
    error: str = ""
    """What is wrong with the request, or with the server."""
    read_bytes: int = 0
    """Bytes that were read of the body or URL, where it was cut because it is too long."""
    truncated: bool = False
    """Whether the body or URL was cut: links and telephone numbers beyond were not looked up."""

    @property
    def blocked(self) -> bool:
        """Whether the traffic must be dropped."""
        return self.action == pb.ACTION_BLOCK


def let_through(failure: RequestFailed) -> Answer:
    """Return the fail-open answer: allow."""
    return Answer(
        action=pb.ACTION_ALLOW,
        reason=pb.REASON_FAILED_OPEN,
        failed_open=True,
        status=failure.status,
        error=str(failure),
    )


class Answers(Sequence[Answer]):
    """The answers to one batch; row i answers request i."""

    def __init__(self, decisions: pb.Decisions) -> None:
        self.decisions = decisions
        """The arrays themselves; empty when no server answered."""
        self._details = {detail.row: detail for detail in decisions.details}
        self._failed: Answer | None = None
        self._rows = len(decisions.actions)
        # Read once: access to a protobuf field costs a tenth of an answer.
        self._first_id = decisions.first_decision_id
        self._dry_run = decisions.dry_run
        self._common: dict[str, Any] = {
            "threshold": decisions.threshold,
            "list_version": decisions.list_version,
            "model_version": decisions.model_version,
            "velocity_version": decisions.velocity_version,
        }
        self._common_of_blocked = dict(self._common)
        if decisions.HasField("allow_cache_seconds"):
            self._common["cache_seconds"] = decisions.allow_cache_seconds
            self._common_of_blocked["cache_seconds"] = decisions.block_cache_seconds

    @classmethod
    def failed(cls, failure: RequestFailed, rows: int) -> "Answers":
        """Let all rows through."""
        answers = cls(pb.Decisions())
        answers._failed, answers._rows = let_through(failure), rows
        return answers

    @property
    def failed_open(self) -> bool:
        """Whether no server answered."""
        return self._failed is not None

    @property
    def blocked(self) -> list[int]:
        """The rows to drop."""
        actions = self.decisions.actions
        return [row for row, action in enumerate(actions) if action == pb.ACTION_BLOCK]

    def __len__(self) -> int:
        return self._rows

    @overload
    def __getitem__(self, row: int) -> Answer: ...
    @overload
    def __getitem__(self, row: slice) -> list[Answer]: ...
    def __getitem__(self, row: int | slice) -> Answer | list[Answer]:
        if isinstance(row, slice):
            return [self._answer(at) for at in range(*row.indices(self._rows))]
        if not -self._rows <= row < self._rows:
            raise IndexError(row)
        return self._answer(row % self._rows)

    def __iter__(self) -> Iterator[Answer]:
        if self._failed is not None:
            yield from repeat(self._failed, self._rows)
            return
        decisions = self.decisions
        columns = zip(decisions.actions, decisions.reasons, decisions.scores, strict=True)
        for row, (action, reason, score) in enumerate(columns):
            yield self._made(row, action, reason, score)

    def _answer(self, row: int) -> Answer:
        if self._failed is not None:
            return self._failed
        decisions = self.decisions
        return self._made(
            row, decisions.actions[row], decisions.reasons[row], decisions.scores[row]
        )

    def _made(self, row: int, action: int, reason: int, score: float) -> Answer:
        detail = self._details.get(row)
        common = self._common_of_blocked if action == pb.ACTION_BLOCK else self._common
        return Answer(
            action=action,
            reason=reason,
            score=None if isnan(score) else score,
            decision_id=0
            if self._dry_run
            else (detail.decision_id if detail else 0) or self._first_id + row,
            **(common if detail is None else common | _fields(detail)),
        )


def _fields(detail: pb.Detail) -> dict[str, Any]:
    own: dict[str, Any] = {}
    if detail.HasField("cache_seconds"):
        own["cache_seconds"] = detail.cache_seconds
    if detail.HasField("protocol_answer"):
        own["protocol_answer"] = detail.protocol_answer
    return own | {
        "entry_id": detail.entry_id,
        "pattern": detail.pattern,
        "evidence": detail.evidence,
        "fraud_type": detail.fraud_type,
        "source": detail.source,
        "legal_basis": detail.legal_basis,
        "link_score": detail.link_score if detail.HasField("link_score") else None,
        "link": detail.link,
        "related_entity": detail.related_entity,
        "related_evidence": detail.related_evidence,
        "related_to": detail.related_to,
        "related_since_ms": detail.related_since_ms,
        "sender_history": dict(detail.sender_history) or None,
        "host_facts": dict(detail.host_facts) or None,
        "treatment": detail.treatment,
        "label": detail.label,
        "delay_ms": detail.delay_ms,
        "velocity_score": detail.velocity_score if detail.HasField("velocity_score") else None,
        "error": detail.error,
        "monitored": detail.monitored,
        "read_bytes": detail.read_bytes,
        "truncated": detail.truncated,
    }
