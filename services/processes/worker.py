"""One worker process: decides until it is stopped or its parent is gone.

Forked for the parent (`infra.supervisor`), one per core, all on one port
(SO_REUSEPORT): the kernel spreads connections over them.
"""

import asyncio
import logging
import os
import secrets
import socket
from collections.abc import Sequence
from contextlib import suppress
from functools import partial

import numpy as np

from blocklists.snapshot import findings
from blocklists.snapshot.replica import Replica
from blocklists.store.store import Store
from blocklists.store.worker_reports import WorkerReport
from fanzha.decisions import Decisions
from fanzha.errors import InvalidConfiguration, Unavailable
from fanzha.tables import Bools, CallerActivity, Calls, Channel, Int64s, Texts
from infra import garbage_collection, process_lifecycle
from infra.clock import now_ms
from infra.data_paths import LISTS, SIBLINGS
from infra.failure_counts import FAILURES, FailureKind
from infra.periodic import run_periodically
from infra.redis.client import Client, connect
from services.audit.forwarder import AuditForwarder
from services.audit.refusals import RefusalRecorder
from services.carrier_policy import wiring as carrier_policy
from services.decision import ids
from services.decision.campaigns.counter import Campaigns
from services.decision.campaigns.store import CampaignReporter, CampaignStore
from services.decision.cascade import BatchWait
from services.decision.channel_kinds import OF_CHANNEL
from services.decision.domain_facts.follower import follow
from services.decision.drift.alarms import SCORE, DriftAlarms
from services.decision.drift.watch import DriftWatch
from services.decision.exchange.call_outbox import CallOutbox
from services.decision.observer import Observer, Table
from services.decision.related.follower import SuspectFollower
from services.decision.related.sightings import SightingBuffer, SightingWriter
from services.decision.related.store import GraphStore
from services.decision.related.suspect_set import SuspectSet
from services.decision.sinks.hit_sink import HitBuffer, HitFlusher
from services.decision.sinks.hit_store import HitStore, PrefixClaims
from services.feedback.call_end_fanout import CallEndFanout
from services.feedback.call_ends import CallEndReports
from services.feedback.service import FeedbackService
from services.lists.hit_count_store import EntryHitStore
from services.lists.hit_counter import EntryHitFlusher, EntryHits
from services.models.follower import ModelFollower
from services.models.store import ModelStore
from services.processes import wiring, worker_parts
from services.processes.list_follower import follow_lists
from services.processes.wiring import Decider
from services.rpc import security
from services.rpc.access.description import describing
from services.rpc.access.handler import AccessServicer
from services.rpc.feedback.handler import FeedbackServicer
from services.rpc.server import RpcServer
from services.settings.settings import Settings
from services.telemetry.metrics_layout import CASCADES

logger = logging.getLogger(__name__)

REPORT_SECONDS = 4.5
"""Between two reports without news; whoever reads them takes ten seconds for too old."""


async def run(settings: Settings) -> int:
    """Serve until told to stop; return the exit status."""
    with garbage_collection.paused():
        worker = Worker(settings)
    return await worker.run()


class Worker:
    """The parts of one worker process, and their background tasks."""

    def __init__(self, settings: Settings) -> None:
        if settings.redis_url is None:
            raise InvalidConfiguration("FANZHA_REDIS_URL: a worker needs it")
        self._settings, self._relates = settings, settings.related_action != "off"
        self._name = f"{socket.gethostname()}/{os.getpid()}"
        self._metrics = worker_parts.metrics(settings)
        self._wait = BatchWait(self._metrics.waited)
        redis = connect(settings.redis_url)
        self._store = Store(connect(settings.redis_url, decode_responses=False))
        self._claims = PrefixClaims(redis, self._name)
        self._ids = ids.DecisionIds(secrets.randbits)
        self._replica = Replica(settings.data_dir / LISTS)
        # Files of ten million entries take a while to verify, and so do models to load.
        self._first_lists = worker_parts.in_thread(self._replica.refresh)
        self._applied_at_ms = 0
        hits = HitStore(
            redis, stream_rows=settings.hit_stream_rows, decision_days=settings.decision_days
        )
        self._traces = worker_parts.traces(settings)
        self._build_sinks(redis, hits)
        self._policies = carrier_policy.of_worker(
            settings, redis, worker=self._name, counters=self._metrics, now_ms=now_ms
        )
        self._decider = self._build_decider(redis)
        self._ends = CallEndFanout(
            settings.data_dir / SIBLINGS, str(os.getpid()), self._decider.record_ends
        )
        self._build_exchange()
        self._models = ModelFollower(
            self._decider.models,
            ModelStore(redis),
            worker=self._name,
            data_dir=settings.data_dir,
            counters=self._metrics,
            now_ms=now_ms,
            drift=self._drift.latest,
        )
        self._refusals = RefusalRecorder(AuditForwarder(redis, self._name))
        self._server = self._build_server(hits)

    def _build_exchange(self) -> None:
        """Build what tells other workers of calls, and hears of theirs."""
        self._outbox = CallOutbox(left_out=partial(self._metrics.calls_exchanged, "left_out"))
        self._exchange = worker_parts.exchange(
            self._settings,
            self._outbox,
            observe=self._decider.observe_calls,
            record_ends=self._decider.record_ends,
            worker=self._name,
            lists=self._store,
            counted=self._metrics.calls_exchanged,
        )

    def _build_sinks(self, redis: Client, hits: HitStore) -> None:
        """Build what observes decisions: drift, campaigns, hits, decision log, entry hits."""
        settings = self._settings
        limits = self._settings.score_drift_alarm, self._settings.feature_drift_alarm
        self._drift = DriftWatch(DriftAlarms(score=limits[0], feature=limits[1]))
        self._campaigns = Campaigns(
            bulk_texts=settings.bulk_texts, now_ms=now_ms, counters=self._metrics
        )
        self._campaign_reports = CampaignReporter(
            self._campaigns, CampaignStore(redis), worker=self._name, now_ms=now_ms
        )
        self._buffer = HitBuffer(
            capacity=settings.hit_buffer_rows, now_ms=now_ms, counters=self._metrics
        )
        self._flusher = HitFlusher(
            self._buffer,
            hits,
            counters=self._metrics,
            interval_seconds=settings.hit_flush_ms / 1000,
            traced=None if self._traces is None else self._traces.writing,
        )
        self._log = worker_parts.decision_log(settings, self._metrics)
        self._entry_hits = EntryHits(now_ms=now_ms, counters=self._metrics)
        self._entry_flusher = EntryHitFlusher(
            self._entry_hits, EntryHitStore(redis), counters=self._metrics, now_ms=now_ms
        )

    def _build_decider(self, redis: Client) -> Decider:
        """Build the decision stack, what it adds to the graph of related entities, and learns."""
        suspects = SuspectSet()
        graph = GraphStore(redis, now_ms=now_ms)
        self._sightings = SightingBuffer(dropped=self._metrics.sightings_dropped)
        self._sighting_writer = SightingWriter(
            self._sightings, graph, dropped=self._metrics.sightings_dropped
        )
        self._suspect_follower = SuspectFollower(
            suspects, graph, now_ms=now_ms, changed=self._metrics.related_changed
        )
        return wiring.build(
            self._settings,
            replica=self._replica,
            observer=self._observer(),
            reserve_ids=self._ids.reserve,
            now_ms=now_ms,
            suspects=suspects,
            repeated=worker_parts.repeated_requests(self._settings, self._metrics),
            policies=self._policies.current,
            count_dry_runs=self._metrics.dry_run,
            reviews_used=wiring.reviews_of_host(self._settings),
            traces=self._traces,
            waited=lambda: self._wait.seconds,
        )

    def _observer(self) -> Observer:
        return Observer(
            started=self._metrics.started,
            stage_done=self._metrics.stage_done,
            model_failed=self._metrics.model_failed,
            velocity_failed=self._metrics.velocity_failed,
            texts_disguised=self._metrics.texts_disguised,
            facts_known=self._metrics.facts_known,
            reviewed=self._metrics.reviewed,
            escalations=self._metrics.escalations,
            escalation_failed=self._metrics.escalation_failed,
            links_found=self._links_found,
            numbers_found=self._sightings.numbers_found,
            rows_cut=self._metrics.rows_cut,
            rows_unreadable=self._metrics.rows_unreadable,
            decided=self._decided,
            callers_active=self._callers_active,
            shadowed=self._metrics.shadowed,
            marks_shadowed=self._metrics.marks_shadowed,
            shadow_failed=self._metrics.shadow_failed,
        )

    def _links_found(self, urls: Sequence[str], owners: Int64s) -> None:
        self._sightings.links_found(urls, owners)
        if self._log:
            self._log.links_found(urls, owners)

    def _callers_active(self, activity: CallerActivity) -> None:
        self._drift.callers_active(activity)
        if self._log:
            self._log.callers_active(activity)

    def _build_server(self, hits: HitStore) -> RpcServer:
        settings = self._settings
        feedback = FeedbackServicer(
            feedback=FeedbackService(store=hits, home=self._decider.home, now_ms=now_ms),
            call_ends=CallEndReports(
                home=self._decider.home,
                record_ends=self._ended,
                now_ms=now_ms,
            ),
        )
        return RpcServer(
            {
                "interception": self._decider.interception,
                "feedback": feedback,
                "access": AccessServicer(describing(settings, "decisions")),
            },
            max_message_bytes=settings.max_message_bytes,
            max_connection_requests=settings.max_connection_requests,
            max_queued_requests=settings.max_queued_requests,
            max_wait_ms=settings.max_wait_ms,
            failed=self._metrics.rpc_failed,
            shed=self._metrics.shed,
            traces=self._traces,
            waited=self._wait.note,
            timed=self._metrics.answered,
            security=security.of(settings, "decisions", self._refusals.count),
        )

    async def run(self) -> int:
        """Serve until stopped; then drain requests and write the hits."""
        stop = process_lifecycle.stop_event()
        self._ends.open()
        if self._log is not None:
            self._log.start()
        await self._server.start(
            self._settings.listen_host, self._settings.listen_port, shared=True
        )
        background = [
            asyncio.create_task(self._follow_lists()),
            asyncio.create_task(self._report()),
            asyncio.create_task(self._models.run()),
            asyncio.create_task(self._policies.run()),
            asyncio.create_task(self._campaign_reports.run()),
            asyncio.create_task(self._flusher.run()),
            asyncio.create_task(self._entry_flusher.run()),
            asyncio.create_task(ids.keep_claimed(self._ids, self._claims)),
            asyncio.create_task(self._refusals.run()),
        ]
        if self._exchange is not None:
            background.append(asyncio.create_task(self._exchange.run()))
        if (facts := self._decider.domain_facts) is not None:
            background.append(asyncio.create_task(follow(facts, self._metrics.facts_file)))
        if self._relates:
            background.append(asyncio.create_task(self._sighting_writer.run()))
            background.append(asyncio.create_task(self._suspect_follower.run()))
        await process_lifecycle.first_of(stop, *background)
        ending = process_lifecycle.DrainBudget(self._settings.drain_seconds)
        await self._server.drain(ending.left())
        await process_lifecycle.cancel(background)
        self._ends.close()
        await self._flusher.drain(ending.left())
        await self._entry_flusher.drain(ending.left())
        await self._close_log(ending.left())
        await self._refusals.write(last=True)
        if self._traces is not None:
            self._traces.tracer.close(ending.left())
        logger.info("worker ends")
        return 0

    def _decided(self, channel: Channel, table: Table, decisions: Decisions) -> None:
        self._metrics.count(channel, decisions.actions, decisions.reasons)
        if decisions.monitored is not None:
            self._metrics.monitored(channel, int(np.count_nonzero(decisions.monitored)))
        self._drift.decided(channel, table, decisions)
        if isinstance(table, Texts):
            self._campaigns.observe(table, decisions)
        elif isinstance(table, Calls):
            self._outbox.decided(table)
        self._entry_hits.observe(decisions)
        self._buffer.offer(channel, table, decisions)
        if self._relates:
            self._sightings.observe(table, decisions)
        if self._log is not None:
            self._log.decided(channel, table, decisions)

    def _ended(
        self,
        callers: Int64s,
        callees: Int64s,
        answered: Bools,
        durations_ms: Int64s,
        ended_at_ms: Int64s,
    ) -> None:
        self._ends(callers, callees, answered, durations_ms, ended_at_ms)
        self._outbox.ended(callers, callees, answered, durations_ms, ended_at_ms)
        # In this worker only, not in its peers: each end is logged once.
        if self._log is not None:
            self._log.call_ends(callers, callees, answered, durations_ms, ended_at_ms)

    async def _close_log(self, seconds: float) -> None:
        if self._log is None:
            return
        if not await asyncio.to_thread(self._log.close, seconds):
            logger.error("the last decisions could not be logged in time and are lost")

    async def _follow_lists(self) -> None:
        """Load new lists as they arrive, and serve once the first are loaded."""
        if await asyncio.wrap_future(self._first_lists):
            await self._took_lists()
        await follow_lists(self._settings.data_dir / LISTS, self._replica, self._took_lists)

    async def _took_lists(self) -> None:
        first = self._applied_at_ms == 0
        self._applied_at_ms = now_ms()
        if first:
            await self._policies.first()
            garbage_collection.settle_memory()
            await self._server.serve()
            process_lifecycle.say_serving()
            logger.info("serving", extra={"list_version": self._replica.current.version})
        self._tell_metrics()
        with suppress(Unavailable):  # the next report says the same
            await self._report_once()

    async def _report(self) -> None:
        async def step() -> None:
            self._tell_metrics()
            await self._report_once()

        await run_periodically(
            step, every_seconds=REPORT_SECONDS, task="worker reports", logger=logger
        )

    def _tell_metrics(self) -> None:
        snapshot = self._replica.current
        shadows = 0 if snapshot.shadows is None else len(snapshot.shadows)
        enforcing = len(snapshot) - shadows
        self._metrics.list_in_force(snapshot.version, enforcing, self._replica.in_step_at_s)
        self._metrics.shadow_entries(shadows)
        self._metrics.list_findings(findings.counts(self._replica.lists.findings))
        self._metrics.list_files_refused(self._replica.refused)
        self._metrics.task_failures(FAILURES.of(FailureKind.PERIODIC_TASK))
        statuses = self._decider.models.status()
        for channel in CASCADES:
            self._metrics.cascade_available(channel, statuses[OF_CHANNEL[channel]].cascade)
        for channel, kind in OF_CHANNEL.items():
            status = statuses[kind]
            found = self._drift.look(
                channel, status.active, status.score_histogram, status.feature_histograms
            )
            self._metrics.drifted(channel, found.score)
            self._metrics.feature_drifted(channel, found.features)
            by_score = SCORE in found.alarms
            self._metrics.drift_alarms(channel, by_score, len(found.alarms) - by_score)

    async def _report_once(self) -> None:
        if not self._applied_at_ms:
            return
        await self._store.report_worker(
            WorkerReport(
                worker=self._name,
                list_version=self._replica.current.version,
                applied_at_ms=self._applied_at_ms,
                reported_at_ms=now_ms(),
            )
        )
