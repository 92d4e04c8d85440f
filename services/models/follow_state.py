"""Compare what workers run with the desired models, and find the versions that decide."""

from collections import Counter
from collections.abc import Iterable, Mapping, Sequence
from dataclasses import dataclass
from enum import IntEnum
from typing import Any

from services.decision.model_kinds import ModelKind
from services.models.desired_models import DesiredModel
from services.models.store import ModelReport


class FollowState(IntEnum):
    """How far a worker has followed one change; numbered as on the wire."""

    DONE = 1
    PENDING = 2
    REFUSED = 3
    ABSENT = 4
    """It holds no model of this kind."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerModel:
    """What one worker runs of one kind."""

    worker: str
    status: Mapping[str, Any]
    """The fields of a `SlotStatus` but its histograms; empty where it holds no such model."""
    active_state: FollowState
    shadow_state: FollowState


def follow_states(
    kind: ModelKind, desired: DesiredModel | None, reports: Sequence[ModelReport]
) -> list[WorkerModel]:
    """Compare what each worker reports with what is desired, by name of worker."""
    target = desired or DesiredModel()
    return [
        WorkerModel(
            worker=report.worker,
            status=(status := report.channels.get(kind.value, {})),
            active_state=_active_state(status, target),
            shadow_state=_shadow_state(status, target),
        )
        for report in reports
    ]


def running_versions(kind: ModelKind, reports: Sequence[ModelReport]) -> list[str]:
    """Return the versions that decide, the most common first, then by name."""
    return _most_common(_field(kind, reports, "active"))


def previous_versions(kind: ModelKind, reports: Sequence[ModelReport]) -> list[str]:
    """Return the versions kept loaded for a rollback, likewise."""
    return _most_common(_field(kind, reports, "previous"))


def last_ran(desired: DesiredModel, running: Sequence[str]) -> str:
    """Return the version that decides; empty where no worker reports and none was desired.

    That is the desired one unless every worker runs another: then workers refused it, or have
    not taken it yet.
    """
    if not running or desired.active in running:
        return desired.active
    return running[0]


def available_versions(kind: ModelKind, reports: Sequence[ModelReport]) -> set[str]:
    """Return the versions that lie on the host of some worker, or are loaded in one."""
    found = set().union(*_field(kind, reports, "available"))
    for name in ("active", "previous", "shadow"):
        found |= set(_field(kind, reports, name))
    return found - {""}


def _field(kind: ModelKind, reports: Sequence[ModelReport], name: str) -> list[Any]:
    statuses = (report.channels.get(kind.value, {}) for report in reports)
    return [status[name] for status in statuses if status.get(name)]


def _most_common(versions: Iterable[str]) -> list[str]:
    counts = Counter(versions)
    return sorted(counts, key=lambda version: (-counts[version], version))


def _active_state(status: Mapping[str, Any], target: DesiredModel) -> FollowState:
    if not status:
        return FollowState.ABSENT
    if target.active in {"", status["active"]}:
        return FollowState.DONE
    return FollowState.REFUSED if target.active in status["refused"] else FollowState.PENDING


def _shadow_state(status: Mapping[str, Any], target: DesiredModel) -> FollowState:
    if not status:
        return FollowState.ABSENT
    if target.shadow and target.shadow in status["refused"]:
        return FollowState.REFUSED
    follows = status["shadow"] == target.shadow
    same_share = not target.shadow or status["share"] == target.share
    return FollowState.DONE if follows and same_share else FollowState.PENDING
