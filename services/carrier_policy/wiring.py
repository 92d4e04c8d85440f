"""Chooses where a process has its carrier policy from: the file that is set, else the log.

The file wins where it is set: whoever may write it on a host may pin that host to it. Reports of
workers and `fanzha policy show` say so.
"""

import logging
from collections.abc import Callable, Coroutine
from dataclasses import dataclass
from functools import partial
from typing import Any

from infra.redis.client import Client
from infra.reloaded_file import ReloadedFile
from services.audit.seals import seal_check
from services.carrier_policy import local_copy
from services.carrier_policy.follower import PolicyCounters, PolicyFollower, report_file
from services.carrier_policy.policy_log import PolicyLog
from services.decision.carriers.policy import CarrierPolicies
from services.decision.carriers.policy_document import NO_POLICIES, read_policies
from services.settings.settings import Settings

logger = logging.getLogger(__name__)


@dataclass(frozen=True, slots=True, kw_only=True)
class WorkerPolicies:
    """The carrier policy of a worker."""

    current: Callable[[], CarrierPolicies]
    first: Callable[[], Coroutine[Any, Any, None]]
    """Returns once the first policy is in force; a worker serves from then on."""
    run: Callable[[], Coroutine[Any, Any, None]]
    """Follows and reports until cancelled."""


def of_worker(
    settings: Settings,
    client: Client,
    *,
    worker: str,
    counters: PolicyCounters,
    now_ms: Callable[[], int],
) -> WorkerPolicies:
    """Build the policy of a worker; *client* returns text. Raises ValueError for a wrong file."""
    log = PolicyLog(client, check_seal=seal_check(settings))
    if settings.carrier_policy_file is not None:
        logger.warning(
            "carrier_policy_file is set: change requests of the carrier policy do not reach this "
            "host"
        )
        run = partial(report_file, log, worker, now_ms)
        return WorkerPolicies(current=of_host(settings), first=_nothing_to_wait_for, run=run)
    follower = PolicyFollower(
        log,
        worker=worker,
        data_dir=settings.data_dir,
        counters=counters,
        now_ms=now_ms,
        refuse_unaudited=settings.unaudited_changes == "refuse",
    )
    return WorkerPolicies(
        current=follower.current, first=follower.loop.first, run=follower.loop.run
    )


def of_host(settings: Settings) -> Callable[[], CarrierPolicies]:
    """Return the source of policies without a store: the file that is set, else the local copy.

    Raises ValueError for a wrong file.
    """
    if settings.carrier_policy_file is not None:
        return ReloadedFile(
            settings.carrier_policy_file, lambda data: read_policies(data.decode())
        ).current
    copy = local_copy.load(settings.data_dir)
    policies = NO_POLICIES if copy is None else read_policies(copy.document, copy.version)
    return lambda: policies


async def _nothing_to_wait_for() -> None:
    """Return: a file is read when a worker is built."""
