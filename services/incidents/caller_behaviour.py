"""What callers do that nobody does by hand, from what was known of them at their logged calls.

The log keeps the activity of the caller (`fanzha.tables.CallerActivity`: counters with a half-life
of a week, not samples) with decisions that block or mark a call, and with allowed ones whose score
is not far from the threshold. So a log of one allowed decision in a hundred shows nearly the same
callers as a whole one; whom the model takes for harmless, is not looked at. Call centres and
couriers do much of what is looked for here, too: the evidence says how far each of it holds, and
people judge.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass
from typing import Any

from fanzha.phone import number_text
from services.decision_log import schema
from services.decision_log.query import FILES, DecisionQuery

DAY_MS = 86_400_000
LOOKBACK_MS = 14 * DAY_MS
"""How far before the time asked for the log is looked at: who called then, is not new."""
FEWEST_CALLS = 40
FEWEST_NEW_CALLS = 20
"""Calls of a number that is new, beside others of its block."""
LEAST_SPREAD = 0.85
"""Different people by call; their number is an estimate."""
MOST_CALLBACK = 0.02
"""Calls to it, of calls by it."""
LEAST_PACE = 25.0
"""Calls an hour in which it is active."""
_MOST_CALLERS = 50_000
_MOST_PEOPLE = 1000.0
"""The estimate of different people is good up to here, and hardly grows from there on."""
_PLACES = {name: place for place, name in enumerate(schema.ACTIVITY, 1)}


@dataclass(frozen=True, slots=True, kw_only=True)
class CallerBehaviour:
    """How one number called, until its latest logged call."""

    number: str
    calls: float
    people: float
    """Different numbers it called or was called by."""
    called: float
    """Calls to it."""
    pace: float
    """Calls an hour in which it is active."""
    answered: float
    """Share of its calls that were answered, of those whose end was reported; 0: none was."""
    talked_s: float
    """Mean seconds of its connected calls; 0: not known."""
    blocked: int
    trunk: str
    """The one it used most; empty: none is known."""
    seen_before: bool
    """Whether it called in the time before."""
    first_ms: int
    last_ms: int

    @property
    def spread(self) -> float:
        """Different people by call."""
        return min(1.0, self.people / min(self.calls, _MOST_PEOPLE))

    @property
    def callback(self) -> float:
        """Calls to it, of calls by it."""
        return self.called / self.calls

    @property
    def calls_strangers(self) -> bool:
        """Whether nearly each call is to somebody else, and next to nobody calls back."""
        return self.spread >= LEAST_SPREAD and self.callback <= MOST_CALLBACK

    @property
    def dials_like_a_machine(self) -> bool:
        """Whether it calls strangers, many, at a pace that needs a machine."""
        return self.calls_strangers and self.calls >= FEWEST_CALLS and self.pace >= LEAST_PACE


_CALLERS = f"""
SELECT from_key, known, blocked, trunk, seen_before, first_ms, last_ms FROM (
  SELECT from_key,
    arg_max(caller_activity, occurred_at_ms) FILTER (occurred_at_ms >= $since) AS known,
    sum(weight) FILTER (action = 'BLOCK' AND occurred_at_ms >= $since) AS blocked,
    mode(trunk) FILTER (occurred_at_ms >= $since) AS trunk,
    bool_or(occurred_at_ms < $since) AS seen_before,
    min(occurred_at_ms) FILTER (occurred_at_ms >= $since) AS first_ms,
    max(occurred_at_ms) AS last_ms
  FROM {FILES.replace("?", "$files")} WHERE from_key > 0 AND from_name IS NULL GROUP BY from_key
) WHERE known[{_PLACES["outgoing_calls"]}] >= {FEWEST_NEW_CALLS}
ORDER BY known[{_PLACES["outgoing_calls"]}] DESC LIMIT {_MOST_CALLERS}
"""  # noqa: S608 - the place of the files, and numbers of ours


def callers_of_strangers(logged: DecisionQuery, since_ms: int) -> list[CallerBehaviour]:
    """Return callers since a time that call strangers, the most active first. Blocking."""

    def ask(connection: Any, files: list[str]) -> list[CallerBehaviour]:
        rows = connection.execute(_CALLERS, {"files": files, "since": since_ms}).fetchall()
        return [one for one in map(_behaviour, rows) if one.calls_strangers]

    nothing: list[CallerBehaviour] = []
    folder = [schema.FOLDERS[one] for one in schema.FOLDERS if one.name == "CALL"]
    return logged.over(folder, max(0, since_ms - LOOKBACK_MS), [], ask, nothing)


def alike(callers: Sequence[CallerBehaviour], times: float = 3.0) -> list[CallerBehaviour]:
    """Return those whose pace is within some times that of the one in the middle."""
    paces = sorted(one.pace for one in callers)
    middle = paces[len(paces) // 2] if paces else 0.0
    return [one for one in callers if middle / times <= one.pace <= middle * times]


def activated_together(
    callers: Sequence[CallerBehaviour], within_ms: int = 3 * DAY_MS
) -> list[CallerBehaviour]:
    """Return the most that first called within some time of each other, and never before."""
    new = sorted((one for one in callers if not one.seen_before), key=lambda one: one.first_ms)
    best: list[CallerBehaviour] = []
    start = 0
    for end, one in enumerate(new, 1):
        while one.first_ms - new[start].first_ms > within_ms:
            start += 1
        if end - start > len(best):
            best = new[start:end]
    return best


def evidence(callers: Sequence[CallerBehaviour]) -> Mapping[str, float]:
    """Return what holds of callers together; empty for none."""
    calls = sum(one.calls for one in callers)
    if not calls:
        return {}
    paces = sorted(one.pace for one in callers)
    firsts = [one.first_ms for one in callers]
    return {
        "calls": round(calls),
        "people_per_call": sum(one.spread * one.calls for one in callers) / calls,
        "called_per_call": sum(one.called for one in callers) / calls,
        "calls_an_hour": paces[len(paces) // 2],
        "answered_share": sum(one.answered * one.calls for one in callers) / calls,
        "seconds_talked": sum(one.talked_s * one.calls for one in callers) / calls,
        "new_numbers": sum(not one.seen_before for one in callers),
        "activation_hours": (max(firsts) - min(firsts)) / 3_600_000,
    }


def _behaviour(row: Sequence[Any]) -> CallerBehaviour:
    key, known, blocked, trunk, before, first, last = row
    activity = dict(zip(schema.ACTIVITY, map(float, known), strict=False))
    calls = max(activity["outgoing_calls"], 1.0)
    active = max(activity["active_days"], 1.0) * max(activity["active_hours"], 1.0)
    ended, connected = activity["ended_calls"], activity["connected_calls"]
    return CallerBehaviour(
        number=number_text(int(key)),
        calls=calls,
        people=activity["counterparts"],
        called=activity["incoming_calls"],
        pace=calls / active,
        answered=activity["answered_calls"] / ended if ended else 0.0,
        talked_s=activity["connected_seconds"] / connected if connected else 0.0,
        blocked=int(blocked or 0),
        trunk=trunk or "",
        seen_before=bool(before),
        first_ms=int(first),
        last_ms=int(last),
    )
