"""Whether a history of operations on one key could have happened one after another.

The search of Wing and Gong (Journal of Parallel and Distributed Computing 17, 1993) with the memory
of Lowe (2017): an operation takes effect at one moment between its call and its answer. One without
an answer may take effect at any later moment, or never. The time is exponential in the operations
that overlap, so histories are short and each key is checked by itself.
"""

import math
from collections.abc import Callable, Sequence
from dataclasses import dataclass
from typing import Any, Generic, TypeVar

State = TypeVar("State")
UNKNOWN = math.inf


@dataclass(frozen=True, slots=True, kw_only=True)
class Operation:
    """One call of one client."""

    name: str
    argument: Any = None
    result: Any = None
    """What was answered; only reads have one."""
    called: float
    returned: float = UNKNOWN
    """When the answer came; `UNKNOWN` where none did."""
    who: str = ""

    def __str__(self) -> str:
        ends = "?" if self.returned == UNKNOWN else f"{self.returned:.4f}"
        answer = f" -> {self.result}" if self.name == "read" else ""
        return f"[{self.called:.4f}, {ends}] {self.who}: {self.name} {self.argument}{answer}"


@dataclass(frozen=True, slots=True, kw_only=True)
class SequentialModel(Generic[State]):
    """What one key does when its operations come one after another."""

    first: State
    step: Callable[[State, Operation], State | None]
    """Returns the state after an operation; None where its answer contradicts the state."""


def linearizable(history: Sequence[Operation], model: SequentialModel[State]) -> bool:
    """Return whether some order of *history* explains all of its answers."""
    answered = sum(1 << at for at, one in enumerate(history) if one.returned != UNKNOWN)
    seen: set[tuple[int, State]] = set()
    stack: list[tuple[int, State]] = [(0, model.first)]
    while stack:
        taken, state = stack.pop()
        if taken & answered == answered:
            return True
        if (taken, state) in seen:
            continue
        seen.add((taken, state))
        left = [at for at in range(len(history)) if not taken >> at & 1]
        first_return = min(history[at].returned for at in left)
        for at in left:
            if history[at].called <= first_return:
                after = model.step(state, history[at])
                if after is not None:
                    stack.append((taken | 1 << at, after))
    return False


@dataclass(frozen=True, slots=True)
class EntryState:
    """A list entry that is replaced, removed and put back."""

    value: str | None = None
    replaced: frozenset[tuple[str, str | None]] = frozenset()
    """For each value that was put, what it replaced: a revert puts that back."""


def _entry_step(state: EntryState, operation: Operation) -> EntryState | None:
    value = operation.argument
    if operation.name == "read":
        return state if operation.result == state.value else None
    if operation.name == "remove":
        return EntryState(None, state.replaced)
    before = dict(state.replaced)
    if operation.name == "put":
        if state.value == value:
            return state
        return EntryState(value, frozenset((before | {value: state.value}).items()))
    if operation.name != "revert":
        raise ValueError(operation.name)
    # What others changed since is left alone.
    return EntryState(before.get(value), state.replaced) if state.value == value else state


ENTRY: SequentialModel[EntryState] = SequentialModel(first=EntryState(), step=_entry_step)
"""An entry of the lists: ``put value``, ``remove``, ``revert value``, ``read``."""
