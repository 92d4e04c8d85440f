"""What a change of the carrier policy changes for each carrier: the settings in effect.

A carrier without a policy of its own has the default one, and a policy of its own replaces that
whole. So a line for one channel may change the others, and a document that only moves lines may
change nothing. Comparing what is in effect shows both.
"""

from collections import Counter
from collections.abc import Iterable, Iterator, Mapping
from dataclasses import dataclass
from itertools import islice

from fanzha.errors import InvalidInput
from fanzha.tables import Channel
from services.auth import claims
from services.decision.carriers.policy import CarrierPolicies, CarrierPolicy, ChannelPolicy
from services.decision.origin.trunk_groups import TrunkGroup

NO_THRESHOLD = "of the settings or model"
ABSENT = "none"
MAX_DIFFERENCES = 5_000
"""Settings in effect that one change may alter, as all are stored with its request."""
_UNSET = CarrierPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class PolicyDifference:
    """One setting in effect that differs."""

    carrier: str
    """``default`` for carriers without a policy of their own."""
    setting: str
    """Such as ``call.threshold``, or ``trunk GW-BANK-1``."""
    before: str
    after: str


def differences(before: CarrierPolicies, after: CarrierPolicies) -> list[PolicyDifference]:
    """Return what differs in effect between two policies, by carrier, the default first.

    Raises `InvalidInput` beyond `MAX_DIFFERENCES`.
    """
    carriers = sorted({"", *before.carriers, *after.carriers})
    each = (one for carrier in carriers for one in _of_carrier(carrier, before, after))
    found = list(islice(each, MAX_DIFFERENCES + 1))
    if len(found) > MAX_DIFFERENCES:
        raise InvalidInput(
            "policy: more than {most:,} settings in effect would change; change it in parts",
            most=MAX_DIFFERENCES,
        )
    return found


def affected_carriers(found: Iterable[PolicyDifference]) -> list[str]:
    """Return for each carrier how many of its settings differ, as ``cmcc (2 policy settings)``."""
    counts = Counter(one.carrier for one in found)
    return [
        f"{carrier} ({count} policy setting{'s' if count > 1 else ''})"
        for carrier, count in counts.items()
    ]


def _of_carrier(
    carrier: str, before: CarrierPolicies, after: CarrierPolicies
) -> Iterator[PolicyDifference]:
    old, new = _settings(_in_effect(carrier, before)), _settings(_in_effect(carrier, after))
    # In the order of the channels; trunk groups that are gone come last.
    for name in dict.fromkeys((*new, *old)):
        was, now = old.get(name, ABSENT), new.get(name, ABSENT)
        if was != now:
            yield PolicyDifference(
                carrier=carrier or claims.NO_CARRIER, setting=name, before=was, after=now
            )


def _in_effect(carrier: str, policies: CarrierPolicies) -> CarrierPolicy:
    held = policies.carriers
    if carrier in held:
        return policies[carrier]
    return policies[""] if "" in held else _UNSET


def _settings(policy: CarrierPolicy) -> Mapping[str, str]:
    found: dict[str, str] = {}
    for channel in Channel:
        own = policy.channels.get(channel, ChannelPolicy())
        name = channel.name.lower()
        threshold = NO_THRESHOLD if own.threshold is None else repr(own.threshold)
        found[f"{name}.threshold"] = threshold
        found[f"{name}.mode"] = "monitor" if own.monitor else "enforce"
        found[f"{name}.on_failure"] = "block" if own.block_on_failure else "allow"
    return found | {f"trunk {group.name}": _trunk(group) for group in policy.trunks}


def _trunk(group: TrunkGroup) -> str:
    parts = (
        f"ingress {group.ingress.name.lower()}" if group.ingress else "",
        f"shows {', '.join(group.shows.codes)}" if group.shows.codes else "",
        "person to person" if group.person_to_person else "",
        "roamers" if group.roamers else "",
    )
    return "; ".join(filter(None, parts)) or "registered"
