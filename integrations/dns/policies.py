"""What a policy zone says about a name, by the lines of a copy of the lists."""

from collections.abc import Iterable, Mapping
from dataclasses import dataclass, field
from enum import StrEnum
from typing import NamedTuple

from fanzha.edge.entry import EdgeAction, EdgeEntry, EdgeScope
from fanzha.edge.policy_records import fits


class PolicyAction(StrEnum):
    """What a resolver does with a name."""

    PASSTHRU = "passthru"
    NXDOMAIN = "nxdomain"
    NODATA = "nodata"
    DROP = "drop"
    PAGE = "page"


ACTIONS = tuple(action.value for action in PolicyAction if action is not PolicyAction.PASSTHRU)
"""What may be set for blocked names."""
TARGETS = {
    PolicyAction.PASSTHRU: "rpz-passthru",
    PolicyAction.NXDOMAIN: "",
    PolicyAction.NODATA: "*",
    PolicyAction.DROP: "rpz-drop",
}
"""Where the CNAME of each leads, without the last dot; of `PolicyAction.PAGE`, to a setting."""


class NamePolicy(NamedTuple):
    """What the list says about a name."""

    action: PolicyAction
    below: bool
    """Whether it means all names below, too."""


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyRules:
    """How entries become policies."""

    zone: str
    blocked: PolicyAction = PolicyAction.NXDOMAIN
    by_fraud_type: Mapping[str, PolicyAction] = field(default_factory=dict)

    def policy(self, name: str, lines: Iterable[bytes], now_s: float) -> NamePolicy | None:
        """Return what *lines*, all about the host *name*, say at a time; None: nothing."""
        if not fits(name, self.zone):
            return None
        for entry in map(EdgeEntry.read, lines):  # allow entries come first, and win
            if entry.acts(now_s):
                return NamePolicy(self._action(entry), entry.scope is EdgeScope.BELOW)
        return None

    def _action(self, entry: EdgeEntry) -> PolicyAction:
        if entry.action is EdgeAction.ALLOW:
            return PolicyAction.PASSTHRU
        return self.by_fraud_type.get(entry.fraud_type, self.blocked)
