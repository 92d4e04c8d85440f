"""Shows model bundles, what is desired of them and what workers run."""

from collections.abc import Iterator, Sequence
from typing import Any

from fanzha.v1 import model_pb2 as pb
from services.cli._common.time_arguments import written

_SHOWN = (
    *("fraud", "fraud_blocked", "ham", "ham_blocked", "frauds", "blocked_frauds"),
    *("ordinary", "blocked_ordinary", "auc", "recall", "false_positive_rate"),
)
"""The figures of a card that fit on a line."""


def kind_lines(
    word: str, model: pb.ModelStatus, bundles: Sequence[pb.ModelBundle]
) -> Iterator[str]:
    """Write what is known about a kind, a line for each bundle, desired model and worker."""
    yield word
    for bundle in bundles:
        yield f"  bundle {bundle.version}: {_bundle_words(word, bundle)}"
    if not bundles:
        yield "  no bundle here"
    yield f"  desired: {desired_words(model.desired if model.HasField('desired') else None)}"
    for worker in model.workers:
        yield f"  {worker.worker}: {_worker_words(word, worker)}"
        for version, why in sorted(worker.refused.items()):
            yield f"    refuses {version}: {why}"
        if worker.cascade_fault:
            yield f"    no escalation: {worker.cascade_fault}"


def kind_json(model: pb.ModelStatus, bundles: Sequence[pb.ModelBundle]) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "bundles": list(map(_bundle_json, bundles)),
        "desired": desired_json(model.desired) if model.HasField("desired") else None,
        "versions": list(model.versions),
        "workers": {one.worker: _worker_json(one) if one.held else None for one in model.workers},
    }


def desired_words(desired: pb.DesiredModel | None) -> str:
    """Say what is desired."""
    if desired is None:
        return "the newest at start"
    before = f", {desired.previous} before" if desired.previous else ""
    share = f"{desired.shadow_share:.0%}"
    shadow = f", {desired.shadow} in shadow ({share})" if desired.shadow else ""
    by = f" by {desired.changed_by}" if desired.changed_by else ""
    active = desired.active or "the newest at start"
    return f"{active}{before}{shadow}{by}, {written(desired.changed_at_ms)}"


def desired_json(desired: pb.DesiredModel) -> dict[str, Any]:
    """Return the same for programs."""
    return {
        "active": desired.active,
        "previous": desired.previous,
        "shadow": desired.shadow,
        "share": desired.shadow_share,
        "by": desired.changed_by,
        "at_ms": desired.changed_at_ms,
    }


def state_words(worker: pb.WorkerModel, state: int, desired: pb.DesiredModel, name: str) -> str:
    """Say how far a worker has followed a change of what *name* is the state of."""
    version = desired.active if name == "active_state" else desired.shadow
    if state == pb.FOLLOW_STATE_REFUSED:
        return f"refuses {version}: {worker.refused.get(version, '')}"
    if state == pb.FOLLOW_STATE_ABSENT:
        return "holds no such model"
    return "done" if state == pb.FOLLOW_STATE_DONE else "not yet"


def _worker_json(worker: pb.WorkerModel) -> dict[str, Any]:
    return {
        "active": worker.active,
        "threshold": worker.threshold,
        "previous": worker.previous,
        "shadow": worker.shadow,
        "share": worker.shadow_share,
        "refused": dict(sorted(worker.refused.items())),
        "cascade_fault": worker.cascade_fault,
    }


def _bundle_json(bundle: pb.ModelBundle) -> dict[str, Any]:
    if bundle.error:
        return {"version": bundle.version, "error": bundle.error}
    return {
        "version": bundle.version,
        "date": bundle.date,
        "threshold": bundle.threshold,
        "bytes": bundle.size_bytes,
        "training_rows": bundle.training_rows,
        "site_rows": bundle.site_rows,
        "score_histogram": bundle.has_score_histogram,
        "feature_histograms": list(bundle.feature_histograms),
        "figures": {name: dict(test.figures) for name, test in sorted(bundle.tests.items())},
    }


def _bundle_words(word: str, bundle: pb.ModelBundle) -> str:
    if bundle.error:
        return f"unusable: {bundle.error}"
    size = f"{bundle.size_bytes / 1e6:.1f} MB"
    words = [
        f"of {bundle.date}, {_verb(word)} from {bundle.threshold:.4f}, {size}",
        f"{bundle.training_rows} training rows",
    ]
    if bundle.site_rows:
        words.append(f"{bundle.site_rows} of them this site's own: not to be passed on")
    if not bundle.has_score_histogram:
        words.append("no score histogram, so drift is not measured")
    if not bundle.feature_histograms:
        words.append("no feature histograms, so drift of features is not measured")
    for name, test in sorted(bundle.tests.items()):
        shown = [f"{one} {test.figures[one]:g}" for one in _SHOWN if one in test.figures]
        words += [f"{name}: {', '.join(shown)}"] if shown else []
    return "; ".join(words)


def _worker_words(word: str, worker: pb.WorkerModel) -> str:
    if not worker.held:
        return "holds no such model"
    before = f", {worker.previous} kept for a rollback" if worker.previous else ""
    shadow = f", {worker.shadow} in shadow" if worker.shadow else ""
    return f"runs {worker.active}, {_verb(word)} from {worker.threshold:.4f}{before}{shadow}"


def _verb(word: str) -> str:
    # What becomes of a call that is suspicious is a setting.
    return "suspects" if word == "moment" else "blocks"
