"""Dry runs: traffic decided as live traffic would be now, and recorded nowhere.

Checks, rehearsals and replays ask for them. The pipeline is that of live traffic, over the same
lists, models, rules and memories, but it reads the memories without counting, asks no shadow model,
and tells no observer but the counter of dry runs: so a dry run is in no activity, velocity, drift,
hit, entry count, case, campaign, relation, shadow figure or decision log. It costs the worker the
same time, that of the second stage of texts (`classifiers.escalation`) included.
"""

from collections.abc import Callable
from dataclasses import dataclass, replace

from classifiers.caller.activity import ActivityTable
from fanzha.decisions import Decisions
from fanzha.tables import CallerActivity, Calls, Channel, Texts, Uint8s
from services.decision.evidence import ModelSet
from services.decision.observer import Observer, Table
from services.decision.shadow.models import Shadows

CountDryRuns = Callable[[Channel, Uint8s], None]
"""Takes the actions of a batch."""
_NO_SHADOWS = Shadows()


@dataclass(frozen=True, slots=True)
class UncountedActivity:
    """The activity of callers, with the calls of a batch, which are not counted."""

    table: ActivityTable

    def observe(self, calls: Calls) -> CallerActivity:
        """Return the activity of the callers, these calls included."""
        return self.table.peek(calls)

    def observe_texts(self, texts: Texts) -> None:
        """Count nothing."""


def without_shadows(current: Callable[[], ModelSet]) -> Callable[[], ModelSet]:
    """Return the source of the same models without their shadows."""
    return lambda: replace(current(), shadows=_NO_SHADOWS)


def observer(count: CountDryRuns) -> Observer:
    """Return an observer that only counts decisions."""

    def decided(channel: Channel, _table: Table, decisions: Decisions) -> None:
        count(channel, decisions.actions)

    return Observer(decided=decided)


def no_ids(_rows: int) -> int:
    """Reserve nothing: rows of a dry run have no ids."""
    return 0
