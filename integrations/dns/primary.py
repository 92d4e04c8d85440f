"""Puts the policy zone together: a copy of the lists becomes a zone, secondaries are told.

While list administration is away, the zone stays as it was, and entries still end in time.
"""

import asyncio
import logging
from collections.abc import Sequence

from fanzha.client import ListMirror, MirrorChange, MirroredLists
from fanzha.edge.entry import EdgeKind
from infra.clock import now_ms
from integrations.common.process import say_serving
from integrations.dns import serials, tsig
from integrations.dns.codec import ZoneCodec
from integrations.dns.metrics import DnsMetrics
from integrations.dns.notifier import Notifier, secondaries
from integrations.dns.policies import PolicyAction, PolicyRules
from integrations.dns.responder import ZoneResponder
from integrations.dns.server import DnsServer
from integrations.dns.settings import DnsSettings, by_fraud_type
from integrations.dns.zone import MOST_EDITS, PolicyZone, names_in
from integrations.dns.zone_store import KINDS, SavedStep, SavedZone, ZoneStore

logger = logging.getLogger(__name__)

_END_CHECK_SECONDS = 0.5


class PolicyPrimary:
    """One zone, from the copy to the secondaries. Made inside a running event loop."""

    def __init__(self, settings: DnsSettings, metrics: DnsMetrics) -> None:
        """Raise ValueError for settings that do not fit together, and OSError for files."""
        self._settings = settings
        self._metrics = metrics
        keys = tsig.read_keys(settings.tsig_keys_file)
        self._rules = _rules(settings)
        self._zone = PolicyZone(self._rules, journal_records=settings.journal_records)
        codec = ZoneCodec(
            zone=self._rules.zone,
            ttl=settings.ttl,
            refresh_seconds=settings.refresh_seconds,
            expire_seconds=settings.expire_seconds,
            block_page=settings.block_page,
        )
        responder = ZoneResponder(
            self._zone, codec, metrics, keys=keys, unsigned_peers=settings.unsigned_peers
        )
        self._server = DnsServer(responder, metrics, max_connections=settings.max_connections)
        self._notifier = Notifier(codec.zone, secondaries(settings.notify, keys), metrics)
        self._store = ZoneStore(settings.data_dir)
        self._mirror = ListMirror(settings.list_targets, KINDS)
        self._lock = asyncio.Lock()
        self._told: int | None = None
        self._off_disk = False

    async def run(self, stop: asyncio.Event) -> None:
        """Serve until told to stop."""
        host, _, port = self._settings.listen.rpartition(":")
        saved = await asyncio.to_thread(self._store.load)
        if saved is not None:
            await asyncio.to_thread(self._resume, saved)
        await self._server.start(host.strip("[]"), int(port))
        tasks = [
            asyncio.create_task(one)
            for one in (self._follow(), self._end_entries(), self._notifier.run())
        ]
        self._tell()
        say_serving(dns=f"{host}:{self._server.port}")
        waiting = asyncio.create_task(stop.wait())
        await asyncio.wait([waiting, *tasks], return_when=asyncio.FIRST_COMPLETED)
        for task in [waiting, *tasks]:
            task.cancel()
        results = await asyncio.gather(*tasks, return_exceptions=True)
        await self._server.close()
        await self._mirror.close()
        self._store.close()
        for result in results:
            if isinstance(result, Exception):
                raise result

    async def _follow(self) -> None:
        async for change in self._mirror.follow():
            async with self._lock:
                await asyncio.to_thread(self._take_over, change)
                self._tell()

    async def _end_entries(self) -> None:
        while True:
            await asyncio.sleep(_END_CHECK_SECONDS)
            async with self._lock:
                if self._zone.current is None:
                    continue
                ended = await asyncio.to_thread(self._zone.ended, _now_s())
                if ended:
                    await asyncio.to_thread(self._advance, {}, ended)
                    self._tell()

    def _resume(self, saved: SavedZone) -> None:
        """Be where the zone on disk was, step by step."""
        self._mirror.copy = saved.copy
        if saved.rules != repr(self._described()):
            # The same names have other records now: no serial of before may have them.
            logger.info("how names are blocked has changed: the zone begins anew")
            for step in saved.steps:
                self._mirror.copy = replayed(self._mirror.copy, step)
            self._begin(serials.after(_last_serial(saved), 0), _now_s())
            return
        self._zone.begin(saved.copy.lists[EdgeKind.HOST], saved.serial, saved.at_s)
        for step in saved.steps:
            self._mirror.copy = replayed(self._mirror.copy, step)
            touched = [*names_in(key.encode() for key in step.edits), *step.ended]
            hosts = self._mirror.copy.lists[EdgeKind.HOST]
            self._zone.advance(hosts, touched, step.version, step.at_s)
        self._store.resume(saved)

    def _take_over(self, change: MirrorChange) -> None:
        touched = names_in(change.edits)
        current = self._zone.current
        if current is None:
            self._begin(change.version % serials.SERIALS, _now_s())
        elif len(touched) > MOST_EDITS:
            self._begin(serials.after(current.serial, change.version), _now_s())
        elif touched or change.was_reset:
            edits = {
                key.decode(): None if line is None else line.decode()
                for key, line in change.edits.items()
            }
            self._advance(edits, [])

    def _advance(self, edits: dict[str, str | None], ended: Sequence[str]) -> None:
        copy, now_s = self._mirror.copy, _now_s()
        touched = [*names_in(key.encode() for key in edits), *ended]
        self._zone.advance(copy.lists[EdgeKind.HOST], touched, copy.version, now_s)
        step = SavedStep(
            at_s=now_s, version=copy.version, token=copy.token, edits=edits, ended=ended
        )
        try:
            if self._off_disk or self._store.is_long:
                self._save(now_s)
            else:
                self._store.append(step)
        except OSError as error:
            self._note_disk(error)

    def _begin(self, serial: int, now_s: float) -> None:
        self._zone.begin(self._mirror.copy.lists[EdgeKind.HOST], serial, now_s)
        try:
            self._save(now_s)
        except OSError as error:
            self._note_disk(error)

    def _save(self, now_s: float) -> None:
        if self._zone.current is not None:
            serial = self._zone.current.serial
            self._store.begin(self._mirror.copy, serial, now_s, repr(self._described()))
            self._off_disk = False

    def _note_disk(self, error: OSError) -> None:
        """Serve on: a name that is blocked matters more than a short transfer after a restart."""
        if not self._off_disk:
            logger.error("the zone is not on disk any more, and is served on: %s", error)
        self._off_disk = True

    def _tell(self) -> None:
        current = self._zone.current
        if current is None:
            return
        self._metrics.show_zone(current.serial, len(current.names))
        if current.serial != self._told:
            self._told = current.serial
            self._notifier.changed(current.serial)

    def _described(self) -> list[object]:
        """Return all settings that decide which records a name has."""
        settings = self._settings
        return [
            settings.zone,
            settings.action,
            settings.fraud_actions,
            settings.block_page,
            settings.ttl,
        ]


def _now_s() -> float:
    return now_ms() / 1000


def replayed(copy: MirroredLists, step: SavedStep) -> MirroredLists:
    """Return a copy of the lists after a step."""
    edits = {
        key.encode(): None if line is None else line.encode() for key, line in step.edits.items()
    }
    hosts = copy.lists[EdgeKind.HOST].changed(edits)
    return MirroredLists(step.token, step.version, {EdgeKind.HOST: hosts})


def _last_serial(saved: SavedZone) -> int:
    """Return a serial that is not older than any that was served."""
    serial = saved.serial
    for step in saved.steps:
        serial = serials.after(serial, step.version)
    return serial


def _rules(settings: DnsSettings) -> PolicyRules:
    by_type = by_fraud_type(settings.fraud_actions)
    if PolicyAction.PAGE in {settings.action, *by_type.values()} and not settings.block_page:
        raise ValueError("block_page: required where an action is page")
    return PolicyRules(
        zone=settings.zone.rstrip(".").lower(),
        blocked=PolicyAction(settings.action),
        by_fraud_type={name: PolicyAction(action) for name, action in by_type.items()},
    )
