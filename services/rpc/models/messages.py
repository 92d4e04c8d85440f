"""Writes models, bundles and reports of workers as messages."""

from collections.abc import Callable, Sequence
from typing import Any

from fanzha.v1 import model_pb2 as pb
from services.decision.model_kinds import ModelKind
from services.models.bundle_listing import BundleSummary
from services.models.desired_models import DesiredModel
from services.models.follow_state import WorkerModel
from services.models.request_store import ModelRequest, RequestState
from services.models.service import ModelState

_wire: Callable[[int], Any] = int
KINDS = dict(zip(ModelKind, (1, 2, 3, 4), strict=True))
"""The numbers of the wire, in the order of `ModelKind`."""


def state(found: ModelState) -> pb.ModelStatus:
    """Write the status of one kind."""
    return pb.ModelStatus(
        kind=_wire(KINDS[found.kind]),
        desired=desired(found.desired) if found.desired else None,
        versions=found.versions,
        workers=map(_worker, found.workers),
    )


def desired(model: DesiredModel) -> pb.DesiredModel:
    """Write a desired model."""
    return pb.DesiredModel(
        active=model.active,
        previous=model.previous,
        shadow=model.shadow,
        shadow_share=model.share,
        changed_by=model.by,
        changed_at_ms=model.at_ms,
    )


_STATES = {
    RequestState.WAITING: pb.MODEL_REQUEST_STATE_WAITING,
    RequestState.APPROVED: pb.MODEL_REQUEST_STATE_APPROVED,
    RequestState.REJECTED: pb.MODEL_REQUEST_STATE_REJECTED,
}


def request(one: ModelRequest) -> pb.ModelRequest:
    """Write a request to activate a model."""
    return pb.ModelRequest(
        number=one.number,
        kind=_wire(KINDS[one.kind]),
        version=one.version,
        running=one.running,
        reason=one.reason,
        author=one.author,
        made_at_ms=one.made_at_ms,
        state=_STATES[one.state],
        decided_by=one.decided_by,
        decided_at_ms=one.decided_at_ms,
        note=one.note,
    )


def bundles(kind: ModelKind, found: Sequence[BundleSummary]) -> pb.ModelBundles:
    """Write the bundles of one kind."""
    return pb.ModelBundles(kind=_wire(KINDS[kind]), bundles=map(bundle, found))


def bundle(found: BundleSummary) -> pb.ModelBundle:
    """Write one bundle."""
    return pb.ModelBundle(
        version=found.version,
        error=found.error,
        date=found.date,
        threshold=found.threshold,
        size_bytes=found.size_bytes,
        training_rows=found.training_rows,
        site_rows=found.site_rows,
        has_score_histogram=found.has_score_histogram,
        feature_histograms=found.feature_histograms,
        tests={name: pb.ModelTest(figures=values) for name, values in found.figures.items()},
    )


def _worker(found: WorkerModel) -> pb.WorkerModel:
    status = found.status
    return pb.WorkerModel(
        worker=found.worker,
        held=bool(status),
        active=status.get("active", ""),
        threshold=status.get("threshold", 0.0),
        previous=status.get("previous", ""),
        shadow=status.get("shadow", ""),
        shadow_share=status.get("share", 0.0),
        refused=status.get("refused", {}),
        cascade_fault=status.get("cascade_fault", ""),
        drift=status.get("drift", {}),
        drift_alarms=status.get("drift_alarms", ()),
        shadow_decisions=status.get("shadow_decisions", {}),
        active_state=_wire(found.active_state),
        shadow_state=_wire(found.shadow_state),
    )
