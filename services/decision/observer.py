"""Where deciding tells what it did: to metrics, to the hit stream, to whoever else looks on."""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

from fanzha.decisions import Decisions
from fanzha.tables import CallerActivity, Calls, Channel, Int64s, Links, Texts, Uint8s
from services.decision.model_kinds import ModelKind

Table = Calls | Texts | Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Called on the decision path, so nothing here may wait."""

    started: Callable[[Channel], None] = lambda _channel: None
    """A batch has arrived."""
    stage_done: Callable[[Channel, str], None] = lambda _channel, _stage: None
    """A stage of that batch is over: convert, lists, model, moment, policy, shadow, respond."""
    model_failed: Callable[[Channel], None] = lambda _channel: None
    velocity_failed: Callable[[], None] = lambda: None
    """The velocity model broke over a batch."""
    escalations: Callable[[int, int, int, float], None] = (
        lambda _escalated, _cached, _skipped, _seconds: None
    )
    """Uncertain texts by outcome, and the seconds spent in the second stage."""
    escalation_failed: Callable[[], None] = lambda: None
    """A text kept its fast score because the second stage failed."""
    links_found: Callable[[Sequence[str], Int64s], None] = lambda _urls, _owners: None
    """The links in a batch of texts, and for each the row of its text; before it is decided."""
    rows_unread: Callable[[Channel, int], None] = lambda _channel, _rows: None
    """Rows that a request held beyond what is read of one; they are let through."""
    links_cut: Callable[[int], None] = lambda _texts: None
    """Texts of a batch that may hold more links than were looked for."""
    decided: Callable[[Channel, Table, Decisions], None] = lambda _channel, _table, _decisions: None
    callers_active: Callable[[CallerActivity], None] = lambda _activity: None
    """What the callers of a batch of calls have been doing."""
    shadowed: Callable[[Channel, Uint8s, Uint8s | None, Uint8s | None], None] = (
        lambda _channel, _changes, _fraud_types, _other_fraud_types: None
    )
    """What a shadow would have changed, row by row; fraud types of the model, and of the shadow."""
    marks_shadowed: Callable[[Uint8s], None] = lambda _changes: None
    """What a shadow of the velocity model would have marked otherwise, call by call."""
    shadow_failed: Callable[[ModelKind], None] = lambda _kind: None
