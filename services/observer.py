"""Where deciding tells what it did: to metrics, to the hit stream, to whoever else looks on."""

from collections.abc import Callable
from dataclasses import dataclass

from fanzha.decisions import Decisions
from fanzha.tables import Calls, Channel, Links, Texts

Table = Calls | Texts | Links


@dataclass(frozen=True, slots=True, kw_only=True)
class Observer:
    """Called on the decision path, so nothing here may wait."""

    started: Callable[[Channel], None] = lambda _channel: None
    """A batch has arrived."""
    stage_done: Callable[[Channel, str], None] = lambda _channel, _stage: None
    """A stage of that batch is over: convert, lists, model, policy, respond."""
    model_failed: Callable[[Channel], None] = lambda _channel: None
    decided: Callable[[Channel, Table, Decisions], None] = lambda _channel, _table, _decisions: None
