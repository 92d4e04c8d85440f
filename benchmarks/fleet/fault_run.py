"""Lets one fault of the plan happen to a running fleet, and holds it against what is expected."""

import time

import grpc

from benchmarks.fleet import checks
from benchmarks.fleet.bureau import Bureau
from benchmarks.fleet.checks import Healing
from benchmarks.fleet.faults import FAULTS, NotHere
from benchmarks.fleet.fleet import Fleet
from benchmarks.fleet.gateway import Gateway
from benchmarks.fleet.plan import PlannedFault
from benchmarks.fleet.table import FaultResult
from benchmarks.fleet.warned import VoiceRobot

_BEFORE_SECONDS = 2.0
_SETTLE_SECONDS = 120.0
_LEAST_PATIENCE_SECONDS = 15.0
"""How much longer than expected a fault may take to heal before the run goes on without it."""


class FaultRun:
    """Lets faults happen, one after the other."""

    def __init__(self, fleet: Fleet, bureau: Bureau, gateway: Gateway, robot: VoiceRobot) -> None:
        self._fleet, self._bureau = fleet, bureau
        self._gateway, self._robot = gateway, robot

    def settle(self) -> None:
        """Wait until the fleet works, after its start; raise RuntimeError where it does not."""
        healing = Healing(self._fleet, self._bureau, self._robot)
        taken, missing = healing.wait(time.monotonic(), _SETTLE_SECONDS)
        if taken is None:
            raise RuntimeError(f"the fleet does not work after its start: {missing}")

    def run(self, planned: PlannedFault) -> FaultResult:
        """Let a fault happen and heal; return what was seen."""
        result = FaultResult(planned=planned)
        self._bureau.work()
        time.sleep(_BEFORE_SECONDS)
        before, failed = self._bureau.ledger.acknowledged(), self._bureau.ledger.failures()
        began = time.monotonic()
        try:
            with FAULTS[planned.kind](self._fleet, planned) as what:
                result.what = what
                time.sleep(planned.seconds)
                self._bureau.rest()
                over = time.monotonic()
        except NotHere as error:
            self._bureau.rest()
            result.skipped = str(error)
            return result
        except RuntimeError as error:
            self._bureau.rest()
            result.broken.append(f"the fault did not happen as planned: {error}")
            return result
        healing = Healing(self._fleet, self._bureau, self._robot)
        patience = planned.healed_seconds + _LEAST_PATIENCE_SECONDS
        result.healed_seconds, missing = healing.wait(over, patience)
        result.waited = healing.waited
        result.load = self._gateway.between(began, time.monotonic())
        result.acknowledged = self._bureau.ledger.acknowledged() - before
        result.refused = self._bureau.ledger.failures() - failed
        if result.healed_seconds is None:
            result.broken.append(f"not healed after {patience:.0f} s: {missing}")
            return result
        self._compare(result)
        return result

    def _compare(self, result: FaultResult) -> None:
        """Compare all hosts with what was acknowledged; add what does not hold to *result*."""
        try:
            found = checks.examine(self._fleet, self._bureau, self._robot)
        except grpc.RpcError as error:
            # A connection that broke during the fault may be noticed now only: the run goes on.
            result.broken.append(f"the hosts could not be compared: {str(error)[:200]}")
            return
        result.lost = [f"{number}: {what}" for number, what in found.lost.items()]
        # What was lost is told once.
        self._bureau.ledger.forget(found.lost)
        result.broken += result.lost + found.wrong + not_as_expected(result)


def not_as_expected(result: FaultResult) -> list[str]:
    """Say which expectations of the plan do not hold."""
    planned, load, found = result.planned, result.load, []
    if load is None or load.offered == 0:
        return ["no load was offered"]
    if load.share < planned.load_held:
        found.append(f"load held {load.share:.1%}, expected {planned.load_held:.0%}")
    if load.wrong:
        found.append(f"{load.wrong} calls were decided otherwise than the lists say")
    if result.healed_seconds is not None and result.healed_seconds > planned.healed_seconds:
        found.append(f"healed after {result.healed_seconds:.1f} s, expected "
                     f"{planned.healed_seconds:.0f}")  # fmt: skip
    return found
