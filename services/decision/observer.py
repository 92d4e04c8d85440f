"""Callbacks of the decision path: for metrics, the hit stream, the decision log."""

from collections.abc import Callable, Iterable, Sequence
from dataclasses import dataclass

from fanzha.decisions import Decisions
from fanzha.tables import CallerActivity, Calls, Channel, Int64s, Links, Texts, Uint8s
from services.decision.model_kinds import ModelKind

Table = Calls | Texts | Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Callbacks run on the decision path, so none may wait."""

    started: Callable[[Channel], None] = lambda _channel: None
    """A batch has arrived."""
    stage_done: Callable[[Channel, str], None] = lambda _channel, _stage: None
    """A stage of that batch is over: convert, lists, model, velocity, policy, shadow, respond."""
    model_failed: Callable[[Channel], None] = lambda _channel: None
    velocity_failed: Callable[[], None] = lambda: None
    """The velocity model failed on a batch."""
    texts_disguised: Callable[[int], None] = lambda _texts: None
    """So many texts of a batch were also read without their disguise."""
    escalations: Callable[[Channel, int, int, int, float], None] = (
        lambda _channel, _escalated, _cached, _skipped, _seconds: None
    )
    """Uncertain texts or links by outcome, and the seconds spent in the second stage."""
    escalation_failed: Callable[[Channel], None] = lambda _channel: None
    """A text or link kept its fast score because the second stage failed."""
    facts_known: Callable[[int, int], None] = lambda _sent, _found: None
    """Of so many links of a batch a gateway sent facts; to so many the operator's file added."""
    reviewed: Callable[[Channel, int, int], None] = lambda _channel, _put_up, _surplus: None
    """So many rows of a batch are put up for review, and so many were too many for its minute."""
    links_found: Callable[[Sequence[str], Int64s], None] = lambda _urls, _owners: None
    """The links in a batch of texts, and for each the row of its text; before it is decided."""
    rows_unreadable: Callable[[Channel, Iterable[str]], None] = lambda _channel, _errors: None
    """What is wrong with each row of a batch that cannot be read; the field comes first."""
    numbers_found: Callable[[Int64s, Int64s], None] = lambda _keys, _owners: None
    """The telephone numbers in a batch of texts, as for links."""
    rows_cut: Callable[[Channel, int], None] = lambda _channel, _rows: None
    """Rows of a request whose bodies or URLs were cut to the bytes that are read of one."""
    decided: Callable[[Channel, Table, Decisions], None] = lambda _channel, _table, _decisions: None
    callers_active: Callable[[CallerActivity], None] = lambda _activity: None
    """Recent activity of the callers of a batch."""
    shadowed: Callable[[Channel, Uint8s, Uint8s | None, Uint8s | None], None] = (
        lambda _channel, _changes, _fraud_types, _other_fraud_types: None
    )
    """Differences to a shadow per row; fraud types of the active model, and of the shadow."""
    marks_shadowed: Callable[[Uint8s], None] = lambda _changes: None
    """Differences to the marks of a shadow of the velocity model, per call."""
    shadow_failed: Callable[[ModelKind], None] = lambda _kind: None
