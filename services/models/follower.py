"""Follows the desired models in a worker, and reports what it runs.

A change of the desired models wakes it; without one it looks every few seconds, since bundles come
and go on disk. While Redis is down, the models in force stay.
"""

import asyncio
import logging
from collections.abc import Callable, Mapping
from dataclasses import fields
from pathlib import Path
from typing import Any, Protocol

from fanzha.tables import Channel
from infra.backoff import Backoff
from infra.periodic import run_periodically
from services.decision.channel_kinds import OF_CHANNEL
from services.decision.drift.watch import DriftFigures
from services.decision.model_kinds import ModelKind
from services.models import desired_models
from services.models.active import ActiveModels
from services.models.slot import SlotStatus
from services.models.store import ModelReport, ModelStore

logger = logging.getLogger(__name__)

SHADOW_DECISIONS = "shadow_decisions"
REPORT_MS = 4_500
"""Interval of reports without news; a report older than 10 s counts as missing."""


class ModelCounters(Protocol):
    """Where swaps and refusals are counted, and what shadows would have decided."""

    def model_swapped(self, kind: ModelKind) -> None:
        """Count a change of the model that decides."""
        ...

    def model_refused(self, kind: ModelKind) -> None:
        """Count a bundle that did not pass its checks."""
        ...

    def shadow_decisions(self, kind: ModelKind) -> dict[str, int]:
        """Return how many rows shadows have scored, by how their decision would differ."""
        ...


class ModelFollower:
    """Keeps the models of one worker as desired."""

    def __init__(
        self,
        switch: ActiveModels,
        store: ModelStore,
        *,
        worker: str,
        data_dir: Path,
        counters: ModelCounters,
        now_ms: Callable[[], int],
        drift: Mapping[Channel, DriftFigures] | None = None,
    ) -> None:
        """Report *drift*, which others keep up to date, with the models."""
        self._drift = {} if drift is None else drift
        self._switch = switch
        self._store = store
        self._worker = worker
        self._data_dir = data_dir
        self._counters = counters
        self._now_ms = now_ms
        self._desired = desired_models.load_copy(data_dir)
        self._unreadable = ""
        self._shadows: dict[ModelKind, tuple[str, dict[str, int]]] = {}
        """Shadows in force, and what was counted when they were taken."""
        self._reported: ModelReport | None = None

    async def run(self) -> None:
        """Follow and report until cancelled."""

        async def step() -> None:
            await self.follow_once()
            await self._store.wait_for_change()

        await run_periodically(
            step,
            every_seconds=0,
            task="model follower",
            logger=logger,
            backoff=Backoff(max_seconds=1.0),
        )

    async def follow_once(self) -> None:
        """Apply the desired models once, and report; raises `Unavailable` without the store."""
        try:
            await self._follow()
            await self._report_if_due()
        except ValueError as error:
            self._say_unreadable(str(error))

    async def _follow(self) -> None:
        desired = await self._store.desired()
        # Every time: the files of a refused bundle may have been repaired.
        refused = await asyncio.to_thread(self._switch.prepare, desired)
        for kind in refused:
            self._counters.model_refused(kind)
        # Between two batches: deciding runs on this very thread.
        swapped = self._switch.take(desired)
        for kind in swapped:
            self._counters.model_swapped(kind)
            status = self._switch.status()[kind]
            logger.info(
                "%s model %s decides now, %s before",
                kind,
                status.active,
                status.previous,
            )
        if desired != self._desired:
            self._desired = desired
            await asyncio.to_thread(self._keep)

    def _say_unreadable(self, why: str) -> None:
        if why != self._unreadable:
            logger.warning("cannot read the desired models: %s", why)
        self._unreadable = why

    def _keep(self) -> None:
        try:
            desired_models.save_copy(self._data_dir, self._desired)
        except OSError as error:
            logger.warning("cannot save the local copy of the desired models: %s", error)

    async def _report_if_due(self) -> None:
        report, last = self._report(), self._reported
        if (
            last is None
            or _without_counts(report) != _without_counts(last)
            or report.reported_at_ms - last.reported_at_ms >= REPORT_MS
        ):
            await self._store.report(report)
            self._reported = report

    def _report(self) -> ModelReport:
        status = self._switch.status()
        return ModelReport(
            worker=self._worker,
            reported_at_ms=self._now_ms(),
            channels={
                kind.value: _report_fields(one)
                | self._drift_of(kind)
                | self._shadow_of(kind, one.shadow)
                for kind, one in status.items()
            },
        )

    def _shadow_of(self, kind: ModelKind, version: str) -> dict[str, Any]:
        """Return what the shadow in force has scored since it was taken."""
        if not version:
            self._shadows.pop(kind, None)
            return {}
        counted = self._counters.shadow_decisions(kind)
        known, before = self._shadows.get(kind, ("", {}))
        if known != version:
            self._shadows[kind] = version, counted
            before = counted
        return {SHADOW_DECISIONS: {name: counted[name] - before[name] for name in counted}}

    def _drift_of(self, kind: ModelKind) -> dict[str, Any]:
        for channel, of_channel in OF_CHANNEL.items():
            if of_channel is kind and channel in self._drift:
                found = self._drift[channel]
                return {"drift": found.known(), "drift_alarms": list(found.alarms)}
        return {}


def _without_counts(report: ModelReport) -> dict[str, dict[str, Any]]:
    """Return a report without what changes with each batch, and is no reason to report."""
    return {
        kind: {name: value for name, value in fields_.items() if name != SHADOW_DECISIONS}
        for kind, fields_ in report.channels.items()
    }


def _report_fields(status: SlotStatus) -> dict[str, Any]:
    # Not `asdict`: it copies the histograms, which are the same for everyone and not reported.
    return {
        field.name: getattr(status, field.name)
        for field in fields(status)
        if field.name not in {"score_histogram", "feature_histograms"}
    }
