"""Follows the warning policy in `fanzha warn`, and reports which version it has in force.

A commit ends the wait, so a policy is in force within milliseconds. What cannot be read is refused,
and what was in force stays. Cases keep the tier they have; the next hit, note or step judges them
by the new policy.
"""

import asyncio
import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass, replace
from functools import partial
from typing import Any

from fanzha.errors import InvalidInput
from services.audit.seals import seal_check
from services.carrier_policy.follow_loop import PolicyFollowLoop
from services.carrier_policy.follower import report_file
from services.carrier_policy.policy_log import PolicyLog, PolicyReport
from services.carrier_policy.version import PolicyVersion
from services.settings.settings import Settings
from services.warning.policy import in_force
from services.warning.policy.in_force import WARNING_POLICY
from services.warning.policy.tiers import TierPolicy

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class FollowedWarningPolicy:
    """How a process keeps its warning policy."""

    first: Callable[[], Coroutine[Any, Any, None]]
    """Returns once the first policy is in force."""
    run: Callable[[], Coroutine[Any, Any, None]]
    """Follows and reports until cancelled."""


def follow(
    settings: Settings,
    client: Any,
    *,
    worker: str,
    use: Callable[[TierPolicy], None],
    now_ms: Callable[[], int],
) -> FollowedWarningPolicy:
    """Return how `fanzha warn` follows; *use* is not called where a file is set.

    *client* returns text.
    """
    log = PolicyLog(client, check_seal=seal_check(settings), names=WARNING_POLICY)
    if settings.warning_policy_file is not None:
        logger.warning("warning_policy_file is set: changes of the warning policy by list "
                       "administration do not reach this host")  # fmt: skip
        return FollowedWarningPolicy(first=_at_once, run=partial(report_file, log, worker, now_ms))
    follower = WarningPolicyFollower(
        log,
        worker=worker,
        use=use,
        now_ms=now_ms,
        refuse_unaudited=settings.unaudited_changes == "refuse",
    )
    return FollowedWarningPolicy(first=follower.loop.first, run=follower.loop.run)


async def _at_once() -> None:
    """Return: a file is read when the process is built."""


class WarningPolicyFollower:
    """Hands each new version to *use*, which is called in the event loop."""

    def __init__(
        self,
        log: PolicyLog,
        *,
        worker: str,
        use: Callable[[TierPolicy], None],
        now_ms: Callable[[], int],
        refuse_unaudited: bool = False,
    ) -> None:
        self._log = log
        self._use = use
        self._now_ms = now_ms
        self._refuse_unaudited = refuse_unaudited
        self.loop = PolicyFollowLoop(log, self.follow_once, task="warning policy follower")
        self._in_force = PolicyVersion()
        self._report = PolicyReport(worker=worker, reported_at_ms=0, version=0, source="store")

    async def follow_once(self) -> None:
        """Take over the newest version, and report; raises `Unavailable` without the store."""
        newest = await self._log.head()
        if newest.version == 0 and self._in_force.version:
            # The store has lost its policies: what was approved stays in force.
            self._refuse("the store has lost its policies")
        elif newest.commit == self._in_force.commit:
            self._report = replace(self._report, refused="")
        else:
            await self._take_over(newest)
        self._report = replace(self._report, reported_at_ms=self._now_ms())
        await self._log.report(self._report)

    async def _take_over(self, newest: PolicyVersion) -> None:
        audited = self._log.audited(newest)
        if audited is False and self._refuse_unaudited:
            self._refuse(f"version {newest.version} has no valid seal of list administration")
            return
        try:
            found = await asyncio.to_thread(in_force.state_of, newest)
        except InvalidInput as error:
            self._refuse(f"version {newest.version}: {error}")
            return
        self._use(found.tiers)
        logger.info(
            "warning policy version %d (%s) is in force, %d before",
            newest.version, found.tiers.version, self._in_force.version,
        )  # fmt: skip
        if audited is False:
            logger.error("warning policy version %d has no valid seal: it was not made by list "
                         "administration", newest.version)  # fmt: skip
        self._in_force = newest
        self._report = replace(
            self._report, version=newest.version, refused="", unaudited=audited is False
        )

    def _refuse(self, why: str) -> None:
        if why != self._report.refused:
            logger.error(
                "warning policy refused, version %d stays: %s", self._in_force.version, why
            )
        self._report = replace(self._report, refused=why)
