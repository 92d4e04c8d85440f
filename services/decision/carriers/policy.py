"""What each carrier's policy says, and the columns that it gives the rows of a batch.

Requests of several carriers are decided in one batch, so every row has the place of its carrier's
policy: a uint8 that indexes one small array per field. Place 0 is the policy ``default``, of
requests whose carrier has no policy of its own; without one, the settings apply to them.
"""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from fanzha.errors import InvalidConfiguration
from fanzha.tables import Bools, Channel, Float32s, Uint8s
from services.decision.origin.trunk_groups import TrunkGroup, TrunkGroups

MAX_CARRIERS = 255
"""Places that a uint8 has, apart from that of the default policy."""


@dataclass(frozen=True, slots=True, kw_only=True)
class ChannelPolicy:
    """What a carrier sets for one channel."""

    threshold: float | None = None
    """The score from which it blocks; None: the one in force without a policy."""
    monitor: bool = False
    """Whether what would be blocked is let through, and marked."""
    block_on_failure: bool = False
    """Whether rows are blocked that only a model could decide, while the model fails."""


_UNSET = ChannelPolicy()


@dataclass(frozen=True, slots=True, kw_only=True)
class CarrierPolicy:
    """What one carrier sets."""

    channels: Mapping[Channel, ChannelPolicy] = field(default_factory=dict)
    trunks: TrunkGroups = field(default_factory=TrunkGroups)
    """Its own trunk groups; they outrank those of `trunks_file` and hold for no other carrier."""


@dataclass(frozen=True, slots=True)
class BatchPolicy:
    """The policies of the rows of one batch; columns of one length."""

    places: Uint8s
    """The place of each row's policy."""
    thresholds: Float32s
    monitor: Bools
    block_on_failure: Bools
    trunks: Sequence[TrunkGroups]
    """Own trunk groups by place; empty where no policy has any."""

    def trunk_groups(self, names: Sequence[str], common: TrunkGroups) -> Mapping[int, TrunkGroup]:
        """Return the trunk groups by row: those of the row's carrier, else the *common* ones."""
        if not self.trunks:
            return common.of(names)
        found: dict[int, TrunkGroup] = {}
        for row, (place, name) in enumerate(zip(self.places.tolist(), names, strict=True)):
            group = self.trunks[place].find(name) or common.find(name) if name else None
            if group is not None:
                found[row] = group
        return found


class CarrierPolicies:
    """The policies in force, by carrier; the empty name is the default policy."""

    def __init__(self, policies: Mapping[str, CarrierPolicy], version: int = 0) -> None:
        """Index *policies*; `ValueError` for more than `MAX_CARRIERS`."""
        self.version = version
        """The version of their document in the store; 0 for none, and for those of a file."""
        named = [carrier for carrier in policies if carrier]
        if len(named) > MAX_CARRIERS:
            raise InvalidConfiguration(
                "carrier: {named} have a policy, {max_carriers} are the most",
                named=len(named),
                max_carriers=MAX_CARRIERS,
            )
        self._by_carrier = dict(policies)
        self._places = {carrier: place for place, carrier in enumerate(named, 1)}
        ordered = [policies.get("", CarrierPolicy()), *(policies[name] for name in named)]
        self._columns = {channel: _Columns.of(channel, ordered) for channel in Channel}
        trunks = [policy.trunks for policy in ordered]
        self._trunks = trunks if any(map(len, trunks)) else []

    def __len__(self) -> int:
        return len(self._by_carrier)

    def __getitem__(self, carrier: str) -> CarrierPolicy:
        return self._by_carrier[carrier]

    @property
    def carriers(self) -> Sequence[str]:
        """The carriers that have a policy, in order; the empty name is the default policy."""
        return sorted(self._by_carrier)

    def of_batch(
        self, channel: Channel, carriers: Sequence[tuple[str, int]], rows: int, threshold: float
    ) -> BatchPolicy | None:
        """Return the policies of a batch; None where none applies to any of its *rows*.

        *carriers* are the carrier and the number of rows of each request in the batch, in order; a
        single one stands for all rows, none for requests without a carrier. *threshold* is the one
        in force without a policy.
        """
        places = [self._places.get(carrier, 0) for carrier, _ in carriers] or [0]
        if "" not in self._by_carrier and not any(places):
            return None
        if len(places) == 1:
            row_places = np.full(rows, places[0], np.uint8)
        else:
            row_places = np.repeat(np.array(places, np.uint8), [count for _, count in carriers])
        columns = self._columns[channel]
        thresholds = columns.thresholds[row_places]
        thresholds[np.isnan(thresholds)] = threshold
        return BatchPolicy(
            places=row_places,
            thresholds=thresholds,
            monitor=columns.monitor[row_places],
            block_on_failure=columns.block_on_failure[row_places],
            trunks=self._trunks,
        )


@dataclass(frozen=True, slots=True, kw_only=True)
class _Columns:
    """One value per place."""

    thresholds: Float32s
    """NaN where the policy has none."""
    monitor: Bools
    block_on_failure: Bools

    @classmethod
    def of(cls, channel: Channel, policies: Sequence[CarrierPolicy]) -> "_Columns":
        own = [policy.channels.get(channel, _UNSET) for policy in policies]
        thresholds = [np.nan if one.threshold is None else one.threshold for one in own]
        return cls(
            thresholds=np.array(thresholds, np.float32),
            monitor=np.array([one.monitor for one in own]),
            block_on_failure=np.array([one.block_on_failure for one in own]),
        )
