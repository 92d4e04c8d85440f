"""Follows the carrier policy in a worker, and reports which version it has in force.

A commit ends the worker's wait, so a policy is in force everywhere within milliseconds. What a
worker cannot read is refused, and what it had stays in force; likewise while Redis is away. At the
start it has the copy of its host until the store answers.
"""

import asyncio
import logging
from collections.abc import Callable, Iterator
from contextlib import contextmanager
from dataclasses import replace
from pathlib import Path
from typing import Protocol

from infra.periodic import run_periodically
from services.carrier_policy import local_copy
from services.carrier_policy.follow_loop import PolicyFollowLoop
from services.carrier_policy.policy_log import PolicyLog, PolicyReport
from services.carrier_policy.version import PolicyVersion
from services.decision.carriers.policy import CarrierPolicies
from services.decision.carriers.policy_document import NO_POLICIES, read_policies

logger = logging.getLogger(__name__)

REPORT_MS = 4_500
"""Interval of reports without news; a report older than 10 s counts as missing."""


class PolicyCounters(Protocol):
    """Where the version in force and refusals are shown."""

    def policy_in_force(self, version: int, current_at_seconds: float) -> None:
        """Set the version in force, and when it was last known to be the newest; 0: never."""
        ...

    def policy_refused(self) -> None:
        """Count a version that was not taken over."""
        ...


class PolicyFollower:
    """Keeps the carrier policy of one worker at the newest version."""

    def __init__(
        self,
        log: PolicyLog,
        *,
        worker: str,
        data_dir: Path,
        counters: PolicyCounters,
        now_ms: Callable[[], int],
        refuse_unaudited: bool = False,
    ) -> None:
        """Start with the copy in *data_dir*; *refuse_unaudited*: only sealed versions count."""
        self._log = log
        self._data_dir = data_dir
        self._counters = counters
        self._now_ms = now_ms
        self._refuse_unaudited = refuse_unaudited
        self.loop = PolicyFollowLoop(log, self.follow_once, task="policy follower")
        self._in_force = PolicyVersion()
        self._policies = NO_POLICIES
        self._current_at_s = 0.0
        self._report = PolicyReport(worker=worker, reported_at_ms=0, version=0, source="store")
        self._reported: PolicyReport | None = None
        copy = local_copy.load(data_dir)
        if copy is not None and refuse_unaudited and log.audited(copy) is False:
            self._refuse(f"the copy of version {copy.version} has no valid seal")
        elif copy is not None:
            with self._refusing(copy):
                self._put_in_force(copy, read_policies(copy.document, copy.version))
                self._report = replace(self._report, source="copy")

    @property
    def version(self) -> int:
        """The version in force."""
        return self._in_force.version

    def current(self) -> CarrierPolicies:
        """Return the policies in force, the same object until they change."""
        return self._policies

    async def follow_once(self) -> None:
        """Take over the newest version, and report; raises `Unavailable` without the store."""
        newest = await self._log.head()
        if newest.version == 0 and self._in_force.version:
            # The store has lost its policies: what was approved stays in force.
            self._refuse("the store has lost its policies")
        elif newest.commit == self._in_force.commit:
            unaudited = self._log.audited(newest) is False
            self._report = replace(self._report, source="store", refused="", unaudited=unaudited)
        else:
            await self._take_over(newest)
        if not self._report.refused:
            self._current_at_s = self._now_ms() / 1000
        self._counters.policy_in_force(self.version, self._current_at_s)
        await self._report_if_due()

    async def _take_over(self, newest: PolicyVersion) -> None:
        before, audited = self.version, self._log.audited(newest)
        if audited is False and self._refuse_unaudited:
            self._refuse(f"version {newest.version} has no valid seal of list administration")
            return
        with self._refusing(newest):
            # In a thread: reading many trunk groups takes seconds, and decisions go on.
            policies = await asyncio.to_thread(read_policies, newest.document, newest.version)
            self._put_in_force(newest, policies)
        if self._in_force is not newest:
            return
        if audited is False:
            logger.error("carrier policy version %d has no valid seal: it was not made by list "
                         "administration", newest.version)  # fmt: skip
        self._report = replace(self._report, unaudited=audited is False)
        logger.info("carrier policy version %d is in force, %d before", self.version, before)
        try:
            await asyncio.to_thread(local_copy.save, self._data_dir, newest)
        except OSError as error:
            logger.warning("cannot save the local copy of the carrier policy: %s", error)

    def _put_in_force(self, policy: PolicyVersion, policies: CarrierPolicies) -> None:
        """Put *policies* in force, between two batches."""
        self._policies, self._in_force = policies, policy
        self._report = replace(self._report, version=policy.version, source="store", refused="")

    @contextmanager
    def _refusing(self, policy: PolicyVersion) -> Iterator[None]:
        """Refuse *policy* where a `ValueError` says inside that it cannot be read."""
        try:
            yield
        except ValueError as error:
            self._refuse(f"version {policy.version}: {error}")

    def _refuse(self, why: str) -> None:
        if why != self._report.refused:
            self._counters.policy_refused()
            logger.error("carrier policy refused, version %d stays: %s", self.version, why)
        self._report = replace(self._report, refused=why)

    async def _report_if_due(self) -> None:
        now, last = self._now_ms(), self._reported
        report = replace(self._report, reported_at_ms=now)
        if (
            last is None
            or now - last.reported_at_ms >= REPORT_MS
            or replace(report, reported_at_ms=last.reported_at_ms) != last
        ):
            await self._log.report(report)
            self._reported = report


async def report_file(log: PolicyLog, worker: str, now_ms: Callable[[], int]) -> None:
    """Report until cancelled that the worker follows no log: its host sets a policy file."""

    async def step() -> None:
        await log.report(
            PolicyReport(worker=worker, reported_at_ms=now_ms(), version=0, source="file")
        )

    await run_periodically(
        step, every_seconds=REPORT_MS / 1000, task="policy reports", logger=logger
    )
