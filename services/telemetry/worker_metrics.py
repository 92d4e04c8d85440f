"""The metrics of a worker, on a memory-mapped page that the parent process reads.

The page is a mapped file of floats (`services.telemetry.metrics_layout`), so a worker counts
without locks or system calls and the figures outlive it. prometheus_client's own multi-process
mode costs a lock and a `getpid` per figure, ten times the budget of a batch. One thread only.
"""

import mmap
from bisect import bisect_left
from collections.abc import Callable, Iterable, Mapping
from pathlib import Path
from time import perf_counter
from typing import Self

import numpy as np
import numpy.typing as npt

from blocklists.snapshot.findings import FindingKind
from fanzha.decisions import Action, Decisions, WouldBlock
from fanzha.tables import Channel, Uint8s
from infra.mapped.mapped_file import map_file
from services.decision.channel_kinds import OF_CHANNEL
from services.decision.model_kinds import ModelKind
from services.decision.observer import Table
from services.decision.shadow.models import ShadowDifference
from services.decision.shed_reasons import ShedReason
from services.telemetry import drift_families
from services.telemetry import metrics_layout as layout
from services.telemetry import request_families as families
from services.telemetry.metric_family import Family

_BYTES = 8
_RPC_PLACE = {
    code: layout.START[families.RPC_ERRORS.name] + i for i, code in enumerate(families.RPC_CODES)
}
_UNREADABLE_PLACE = {
    (channel, field): layout.START[layout.ROWS_UNREADABLE.name] + place
    for place, (channel, field) in enumerate(
        (channel, field) for channel in layout.CHANNELS for field in layout.FIELDS[channel]
    )
}
_SHED_PLACE = {
    why: layout.START[families.REQUESTS_SHED.name] + i for i, why in enumerate(ShedReason)
}
_STAGE_PLACE = {
    (channel, stage): layout.START[layout.STAGE.name]
    + layout.STAGE.width * (index * len(layout.STAGES) + place)
    for index, channel in enumerate(layout.CHANNELS)
    for place, stage in enumerate(layout.STAGES)
}

_STAGE_SUM = layout.STAGE.width - 1
_DECISION_PLACE = {
    channel: layout.START[layout.DECISIONS.name] + index * layout.DECISION_SPAN
    for index, channel in enumerate(layout.CHANNELS)
}
_ROWS_PLACE = {
    channel: layout.START[layout.ROWS.name] + index * layout.ROWS.width
    for index, channel in enumerate(layout.CHANNELS)
}
_REQUEST_PLACE = {
    channel: layout.START[families.REQUEST_SECONDS.name] + index * families.REQUEST_SECONDS.width
    for index, channel in enumerate(layout.CHANNELS)
}
_REASON_SPAN = np.uint8(layout.REASON_SPAN)


class DecisionMetrics:
    """The figures of one worker; without a file, no other process can read them."""

    def __init__(
        self, page: mmap.mmap | None = None, clock: Callable[[], float] = perf_counter
    ) -> None:
        # The page is both an array, for columns, and a memoryview, quicker for single figures.
        memory = bytearray(layout.SIZE * _BYTES) if page is None else page
        self._figures: memoryview[float] = memoryview(memory).cast("d")
        self._array: npt.NDArray[np.float64] = np.frombuffer(memory, np.float64)
        self._clock = clock
        self._since = clock()
        for channel in layout.CHANNELS:
            self.drifted(channel, float("nan"))
            self.feature_drifted(channel, {})
        for channel in layout.CASCADES:
            self.cascade_available(channel, None)

    @classmethod
    def on_page(
        cls,
        directory: Path,
        worker: str,
        pid: int,
        clock: Callable[[], float] = perf_counter,
    ) -> Self:
        """Count on the page of a worker, in what `MetricsPages` reads; `OSError` without room."""
        page = directory / f"{worker}.{pid}.page"
        return cls(map_file(page, layout.SIZE * _BYTES, fresh=True), clock)

    def started(self, channel: Channel) -> None:  # noqa: ARG002 - an observer is told
        """Start the clock of a batch."""
        self._since = self._clock()

    def stage_done(self, channel: Channel, stage: str) -> None:
        """End a stage: it took the time since the batch started or the stage before ended."""
        now = self._clock()
        seconds = now - self._since
        self._since = now
        # As `_observe` does, written out: this runs six times for each batch.
        place, figures = _STAGE_PLACE[channel, stage], self._figures
        figures[place + bisect_left(layout.STAGE_SECONDS, seconds)] += 1
        figures[place + _STAGE_SUM] += seconds

    def decided(self, channel: Channel, table: Table, decisions: Decisions) -> None:  # noqa: ARG002
        """Count a batch, as an observer."""
        self.count(channel, decisions.actions, decisions.reasons)

    def count(self, channel: Channel, actions: Uint8s, reasons: Uint8s) -> None:
        """Count the decisions of a batch."""
        pairs = np.bincount(actions * _REASON_SPAN + reasons, minlength=layout.DECISION_SPAN)
        first = _DECISION_PLACE[channel]
        self._array[first : first + layout.DECISION_SPAN] += pairs
        self._observe(layout.ROWS, _ROWS_PLACE[channel], len(actions))

    def answered(self, channel: Channel, seconds: float) -> None:
        """Count a request that was decided *seconds* after it was read."""
        self._observe(families.REQUEST_SECONDS, _REQUEST_PLACE[channel], seconds)

    def model_failed(self, channel: Channel) -> None:
        """Count a batch whose model failed."""
        self._figures[layout.START[layout.MODEL_FAILURES.name] + channel - 1] += 1

    def velocity_failed(self) -> None:
        """Count a batch of calls whose velocity model failed."""
        self._figures[layout.START[layout.VELOCITY_FAILURES.name]] += 1

    def texts_disguised(self, texts: int) -> None:
        """Count texts that the model also read without their disguise."""
        self._figures[layout.START[layout.DISGUISED_TEXTS.name]] += texts

    def facts_known(self, sent: int, found: int) -> None:
        """Count links with facts that a gateway sent, and such that the operator's file added."""
        first = layout.START[layout.HOST_FACTS.name]
        self._figures[first] += sent
        self._figures[first + 1] += found

    def facts_file(self, domains: int, refused: int) -> None:
        """Set how many domains `host_facts_file` has, and how often a change of it was refused."""
        self._set(layout.HOST_FACTS_DOMAINS, domains)
        self._set(layout.HOST_FACTS_REFUSED, refused)

    def reviewed(self, channel: Channel, put_up: int, left_out: int) -> None:
        """Count rows that scored just under the threshold, put up for review or not."""
        place = layout.CHANNELS.index(channel) * len(layout.REVIEW_OUTCOMES)
        first = layout.START[layout.REVIEWS.name] + place
        self._figures[first] += put_up
        self._figures[first + 1] += left_out

    def escalations(
        self, channel: Channel, escalated: int, cached: int, skipped: int, seconds: float
    ) -> None:
        """Count uncertain rows by outcome, and the time spent on them."""
        first = layout.escalations_place(channel)
        for place, rows in enumerate((escalated, cached, skipped)):
            self._figures[first + place] += rows
        self._figures[layout.cascade_place(layout.ESCALATION_SECONDS, channel)] += seconds

    def escalation_failed(self, channel: Channel) -> None:
        """Count an uncertain row whose second stage failed."""
        failed = layout.ESCALATION_OUTCOMES.index("failed")
        self._figures[layout.escalations_place(channel) + failed] += 1

    def cascade_available(self, channel: Channel, available: bool | None) -> None:
        """Set whether the model in force has its second stage; None where it should not."""
        value = np.nan if available is None else float(available)
        self._figures[layout.cascade_place(layout.CASCADE_AVAILABLE, channel)] = value

    def shadowed(
        self,
        channel: Channel,
        changes: Uint8s,
        fraud_types: Uint8s | None,
        other_fraud_types: Uint8s | None,
    ) -> None:
        """Count what a shadow would have changed in a batch; of texts also by fraud type."""
        span = len(layout.CHANGES)
        first = layout.START[layout.SHADOW_DECISIONS.name] + (channel - 1) * span
        self._array[first : first + span] += np.bincount(changes, minlength=span)
        if channel is Channel.TEXT:
            self._count_types(ShadowDifference.WOULD_BLOCK, changes, other_fraud_types)
            self._count_types(ShadowDifference.WOULD_ALLOW, changes, fraud_types)

    def marks_shadowed(self, changes: Uint8s) -> None:
        """Count what a shadow of the velocity model would have marked otherwise."""
        first, span = layout.START[layout.SHADOW_MARKS.name], len(layout.MARK_CHANGES)
        self._array[first : first + span] += np.bincount(changes, minlength=span)

    def shadow_decisions(self, kind: ModelKind) -> dict[str, int]:
        """Return how many rows shadows have scored, by how their decision would differ."""
        if kind is ModelKind.VELOCITY:
            family, changes, channel = layout.SHADOW_MARKS, layout.MARK_CHANGES, 0
        else:
            family, changes = layout.SHADOW_DECISIONS, layout.CHANGES
            channel = next(one for one, of in OF_CHANNEL.items() if of is kind) - 1
        first = layout.START[family.name] + channel * len(changes)
        counts = self._array[first : first + len(changes)].tolist()
        return {change: int(count) for change, count in zip(changes, counts, strict=True)}

    def shadow_failed(self, kind: ModelKind) -> None:
        """Count a batch whose shadow failed."""
        self._figures[layout.START[layout.SHADOW_FAILURES.name] + layout.KINDS.index(kind)] += 1

    def model_swapped(self, kind: ModelKind) -> None:
        """Count a change of the model that decides."""
        self._figures[layout.START[layout.MODEL_SWAPS.name] + layout.KINDS.index(kind)] += 1

    def model_refused(self, kind: ModelKind) -> None:
        """Count a refused bundle."""
        self._figures[layout.START[layout.MODEL_REFUSALS.name] + layout.KINDS.index(kind)] += 1

    def _count_types(
        self, change: ShadowDifference, changes: Uint8s, fraud_types: Uint8s | None
    ) -> None:
        rows = changes == np.uint8(change)
        # Without types the model gave no answer, and the fraud type is unknown.
        types = np.zeros(len(changes), np.uint8) if fraud_types is None else fraud_types
        span = len(layout.FRAUD_TYPES)
        first = layout.START[layout.SHADOW_TEXT_CHANGES.name] + (change - 1) * span
        self._array[first : first + span] += np.bincount(types[rows], minlength=span)

    def rpc_failed(self, code: str) -> None:
        """Count a request that ended with the status *code*, such as ``not_found``."""
        self._figures[_RPC_PLACE[code]] += 1

    def shed(self, why: ShedReason) -> None:
        """Count a request that was not decided."""
        self._figures[_SHED_PLACE[why]] += 1

    def sightings_dropped(self, rows: int) -> None:
        """Count events that could not be added to the graph."""
        self._figures[layout.START[layout.SIGHTINGS_DROPPED.name]] += rows

    def related_changed(self, size: int, seconds: float) -> None:
        """Set the number of related entities known, and count a change and how late it came."""
        self._set(layout.RELATED_ENTITIES, size)
        self._observe(layout.PROPAGATION, layout.START[layout.PROPAGATION.name], seconds)

    def waited(self, requests: int, seconds: float) -> None:
        """Count the requests of a batch with the longest wait of any of them."""
        family, place = families.QUEUE_SECONDS, layout.START[families.QUEUE_SECONDS.name]
        self._figures[place + family.bucket(seconds)] += requests
        self._figures[place + family.width - 1] += requests * seconds

    def rows_unreadable(self, channel: Channel, errors: Iterable[str]) -> None:
        """Count rows by the field for which they cannot be read, the first word of their error."""
        other = _UNREADABLE_PLACE[channel, "other"]
        for error in errors:
            field = error.partition(":")[0]
            self._figures[_UNREADABLE_PLACE.get((channel, field), other)] += 1

    def rows_cut(self, channel: Channel, rows: int) -> None:
        """Count rows cut beyond the byte limit of a request."""
        self._figures[layout.START[layout.ROWS_CUT.name] + channel - 1] += rows

    def calls_exchanged(self, what: str, rows: int) -> None:
        """Count calls told to other workers, heard of them, or left out."""
        place = layout.CALLS_EXCHANGED.values.index((what,))
        self._figures[layout.START[layout.CALLS_EXCHANGED.name] + place] += rows

    def monitored(self, channel: Channel, rows: int) -> None:
        """Count rows that only monitor mode let through."""
        self._figures[layout.START[layout.MONITORED.name] + channel - 1] += rows

    def dry_run(self, channel: Channel, actions: Uint8s) -> None:
        """Count the decisions of a batch of dry runs."""
        blocked = int(np.count_nonzero(actions == np.uint8(Action.BLOCK)))
        first = layout.START[layout.DRY_RUNS.name] + 2 * (channel - 1)
        self._figures[first] += len(actions) - blocked
        self._figures[first + 1] += blocked

    def request_ids(self, outcome: str, rows: int) -> None:
        """Count rows with a request id by outcome."""
        place = families.REQUEST_ID_OUTCOMES.index(outcome)
        self._figures[layout.START[families.REQUEST_IDS.name] + place] += rows

    def fingerprint_hit(self, action: Action) -> None:
        """Count a text that a listed fingerprint decided."""
        self._figures[layout.START[layout.FINGERPRINT_HITS.name] + action - 1] += 1

    def bulk_campaign(self) -> None:
        """Count a bulk campaign."""
        self._figures[layout.START[layout.BULK_CAMPAIGNS.name]] += 1

    def hits_buffered(self, rows: int) -> None:
        """Set how many hits are queued."""
        self._set(layout.HITS_BUFFERED, rows)

    def hits_dropped(self, rows: int) -> None:
        """Count hits that were lost."""
        self._figures[layout.START[layout.HITS_DROPPED.name]] += rows

    def hits_written(self, rows: int) -> None:
        """Count hits that reached Redis."""
        self._figures[layout.START[layout.HITS_WRITTEN.name]] += rows

    # The writer's thread counts what is written and what failed, the event loop the rest: no
    # figure has two threads that write it.
    def log_buffered(self, rows: int) -> None:
        """Set how many rows are queued for the decision log."""
        self._set(layout.LOG_BUFFERED, rows)

    def log_dropped(self, rows: int) -> None:
        """Count rows of the decision log that found its buffer full."""
        self._figures[layout.START[layout.LOG_DROPPED.name]] += rows

    def log_failed(self, rows: int) -> None:
        """Count rows of the decision log that could not be written."""
        self._figures[layout.START[layout.LOG_DROPPED.name] + 1] += rows

    def log_written(self, rows: int, size: int) -> None:
        """Count rows written to the decision log, and their bytes."""
        self._figures[layout.START[layout.LOG_WRITTEN.name]] += rows
        self._figures[layout.START[layout.LOG_BYTES.name]] += size

    def entry_hits_dropped(self, rows: int) -> None:
        """Count hits missing in the counts of their entries."""
        self._figures[layout.START[layout.ENTRY_HITS_DROPPED.name]] += rows

    def shadow_entry_hit(self, would: WouldBlock, *, blocked: bool) -> None:
        """Count a row that a shadow entry would have blocked; *blocked* if it was anyway."""
        first = layout.START[layout.SHADOW_ENTRY_HITS.name]
        place = layout.SHADOW_ENTRY_PLACES[would.kind, would.source]
        self._figures[first + place + blocked] += 1

    def shadow_entries(self, entries: int) -> None:
        """Set the number of shadow entries."""
        self._set(layout.SHADOW_ENTRIES, entries)

    def policy_in_force(self, version: int, current_at_seconds: float) -> None:
        """Set the version of the carrier policy, and when it was last known to be the newest."""
        self._set(layout.POLICY_VERSION, version)
        self._set(layout.POLICY_CURRENT_AT, current_at_seconds)

    def policy_refused(self) -> None:
        """Count a version of the carrier policy that was not taken over."""
        self._figures[layout.START[layout.POLICIES_REFUSED.name]] += 1

    def list_in_force(self, version: int, entries: int, current_at_seconds: float) -> None:
        """Set the version of the lists in force, and when they were last known current."""
        self._set(layout.LIST_VERSION, version)
        self._set(layout.LIST_ENTRIES, entries)
        self._set(layout.LIST_CURRENT_AT, current_at_seconds)

    def list_findings(self, counts: Mapping[FindingKind, int]) -> None:
        """Set the unsettled findings about the lists in force."""
        first = layout.START[layout.LIST_FINDINGS.name]
        for place, kind in enumerate(FindingKind):
            self._figures[first + place] = counts[kind]

    def task_failures(self, counts: Mapping[str, int]) -> None:
        """Set how often each background task of this worker has failed since its start."""
        first = layout.START[layout.TASK_FAILURES.name]
        for place, task in enumerate(layout.TASKS):
            self._figures[first + place] = counts.get(task, 0)
        known = sum(counts.get(task, 0) for task in layout.TASKS)
        self._figures[first + len(layout.TASKS)] = sum(counts.values()) - known

    def list_files_refused(self, files: int) -> None:
        """Set the number of list snapshots refused since the worker started."""
        self._set(layout.LIST_FILES_REFUSED, files)

    def drifted(self, channel: Channel, index: float) -> None:
        """Set the drift of scores from the card; NaN if unknown."""
        self._figures[layout.START[drift_families.SCORE_DRIFT.name] + channel - 1] = index

    def feature_drifted(self, channel: Channel, indexes: Mapping[str, float]) -> None:
        """Set the drift of features; a missing one is unknown."""
        first = layout.START[drift_families.FEATURE_DRIFT.name]
        for place, (of_channel, name) in enumerate(drift_families.FEATURES):
            if of_channel is channel:
                self._figures[first + place] = indexes.get(name, float("nan"))

    def drift_alarms(self, channel: Channel, score: bool, features: int) -> None:
        """Set whether the drift of scores is too high, and of how many features."""
        first = layout.START[drift_families.DRIFT_ALARMS.name] + (channel - 1) * 2
        self._figures[first], self._figures[first + 1] = float(score), float(features)

    def _set(self, family: Family, value: float) -> None:
        self._figures[layout.START[family.name]] = value

    def _observe(self, family: Family, place: int, value: float) -> None:
        """Add *value* to the histogram of *family* whose figures begin at *place*."""
        self._figures[place + family.bucket(value)] += 1
        self._figures[place + family.width - 1] += value
