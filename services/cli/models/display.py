"""Shows model bundles, what is desired of them and what workers run."""

from __future__ import annotations

from collections.abc import Iterator, Sequence
from typing import Any

from fanzha.translation.catalogue import gettext
from fanzha.v1 import model_pb2 as pb
from services.cli._common import channel_words
from services.cli._common.channel_words import ModelWord
from services.cli._common.console import out
from services.cli._common.enum_words import field_label
from services.cli._common.tables import RowTable
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
    yield channel_words.shown_model(word)
    for bundle in bundles:
        yield gettext(
            "  bundle {version}: {word}", version=bundle.version, word=_bundle_words(word, bundle)
        )
    if not bundles:
        yield gettext("  no bundle here")
    yield from running_lines(word, model)


def running_lines(word: str, model: pb.ModelStatus) -> Iterator[str]:
    """Write what is desired of a kind, and what each worker runs."""
    yield gettext(
        "  desired: {desired}",
        desired=desired_words(model.desired if model.HasField("desired") else None),
    )
    for worker in model.workers:
        yield f"  {worker.worker}: {_worker_words(word, worker)}"
        for version, why in sorted(worker.refused.items()):
            yield gettext("    refuses {version}: {why}", version=version, why=why)
        if worker.cascade_fault:
            yield gettext("    no escalation: {cascade_fault}", cascade_fault=worker.cascade_fault)
        for name in worker.drift_alarms:
            yield gettext("    drift of {name}: {index:.3f}", name=name, index=worker.drift[name])


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
        return gettext("the newest at start")
    before = gettext(", {previous} before", previous=desired.previous) if desired.previous else ""
    share = f"{desired.shadow_share:.0%}"
    shadow = (
        gettext(", {shadow} in shadow ({share})", shadow=desired.shadow, share=share)
        if desired.shadow
        else ""
    )
    by = gettext(" by {changed_by}", changed_by=desired.changed_by) if desired.changed_by else ""
    active = desired.active or gettext("the newest at start")
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
        return gettext(
            "refuses {version}: {refused}", version=version, refused=worker.refused.get(version, "")
        )
    if state == pb.FOLLOW_STATE_ABSENT:
        return gettext("holds no such model")
    return gettext("done") if state == pb.FOLLOW_STATE_DONE else gettext("not yet")


def drift_json(workers: Sequence[tuple[str, pb.WorkerModel]]) -> dict[str, Any]:
    """Return the drift of each worker, by kind."""
    found: dict[str, Any] = {}
    for kind, one in workers:
        if one.drift:
            figures = {"drift": dict(sorted(one.drift.items())), "alarms": list(one.drift_alarms)}
            found.setdefault(kind, {})[one.worker] = figures
    return found


def show_drift(workers: Sequence[tuple[str, pb.WorkerModel]]) -> None:
    """Print a row for each figure of each worker, the farthest first."""
    table = RowTable(gettext("kind"), gettext("worker"), gettext("figure"))
    table.add_column(gettext("index"), right=True)
    table.add_column("")
    for kind, one in workers:
        for name, index in sorted(one.drift.items(), key=lambda item: -item[1]):
            alarm = gettext("alarm") if name in one.drift_alarms else ""
            shown = channel_words.shown_model(kind)
            table.add_row(shown, one.worker, name, f"{index:.3f}", alarm)
    if not any(one.drift for _, one in workers):
        out.print(gettext("no drift is known: no worker reports, or too few rows"))
        return
    table.print()


def _worker_json(worker: pb.WorkerModel) -> dict[str, Any]:
    return {
        "active": worker.active,
        "threshold": worker.threshold,
        "previous": worker.previous,
        "shadow": worker.shadow,
        "share": worker.shadow_share,
        "shadow_decisions": dict(worker.shadow_decisions),
        "refused": dict(sorted(worker.refused.items())),
        "cascade_fault": worker.cascade_fault,
        "drift": dict(sorted(worker.drift.items())),
        "drift_alarms": list(worker.drift_alarms),
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
        return gettext("unusable: {error}", error=bundle.error)
    size = gettext("{size_bytes:.1f} MB", size_bytes=bundle.size_bytes / 1000000.0)
    words = [
        gettext(
            "of {date}, {word} from {threshold:.4f}, {size}",
            date=bundle.date,
            word=_verb(word),
            threshold=bundle.threshold,
            size=size,
        ),
        gettext("{training_rows} training rows", training_rows=bundle.training_rows),
    ]
    if bundle.site_rows:
        words.append(
            gettext(
                "{site_rows} of them this site's own: not to be passed on",
                site_rows=bundle.site_rows,
            )
        )
    if not bundle.has_score_histogram:
        words.append(gettext("no score histogram, so drift is not measured"))
    if not bundle.feature_histograms:
        words.append(gettext("no feature histograms, so drift of features is not measured"))
    for name, test in sorted(bundle.tests.items()):
        shown = [
            f"{field_label(one)} {test.figures[one]:g}" for one in _SHOWN if one in test.figures
        ]
        words += [f"{field_label(name)}: {', '.join(shown)}"] if shown else []
    return "; ".join(words)


def _worker_words(word: str, worker: pb.WorkerModel) -> str:
    if not worker.held:
        return gettext("holds no such model")
    before = (
        gettext(", {previous} kept for a rollback", previous=worker.previous)
        if worker.previous
        else ""
    )
    shadow = gettext(", {shadow} in shadow", shadow=worker.shadow) if worker.shadow else ""
    return gettext(
        "runs {active}, {word} from {threshold:.4f}{before}{shadow}",
        active=worker.active,
        word=_verb(word),
        threshold=worker.threshold,
        before=before,
        shadow=shadow,
    )


def _verb(word: str) -> str:
    # What becomes of a call that is suspicious is a setting.
    return gettext("suspects") if word == ModelWord.VELOCITY else gettext("blocks")
