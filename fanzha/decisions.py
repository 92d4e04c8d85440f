"""What we answer, and why. The numbers are those on the wire."""

from collections.abc import Mapping, Sequence
from dataclasses import dataclass, field
from enum import IntEnum

import numpy as np

from fanzha.fingerprint import BatchSketches
from fanzha.fraud import FraudType
from fanzha.tables import Bools, Float32s, Int64s, Uint8s, Uint32s


class Action(IntEnum):
    """What the carrier must do with the traffic."""

    ALLOW = 1
    BLOCK = 2


class Reason(IntEnum):
    """Why an action was chosen."""

    ALLOWLISTED = 1
    BLOCKLISTED = 2
    SCORED = 3
    FAILED_OPEN = 4
    INVALID = 5
    PROTECTED = 6
    IMPLAUSIBLE = 7
    SPAM = 8
    VELOCITY = 9
    """With ALLOW the call is only marked."""
    UNREGISTERED = 10
    """With ALLOW the text is only marked."""
    LINK_SCORED = 11
    """The link model's score of a link in the text, together with that of its words. With ALLOW the
    text is only marked."""
    RELATED = 12
    """A confirmed entity, or one seen with such, is part of it. With ALLOW it is only marked."""
    FAILED_CLOSED = 13
    """The model failed, and the policy of the carrier blocks then."""
    SENDER_HISTORY = 14
    """The words or a link of a text reach a threshold that is lowered, because texts of its sender
    were just blocked. With ALLOW the text is only marked."""
    REVIEW = 15
    """The score is under the threshold, but high enough for a person to judge; let through."""


class MatchedOn(IntEnum):
    """What about the traffic a list entry matched."""

    UNSPECIFIED = 0
    CALLER = 1
    CALLEE = 2
    SENDER = 3
    RECEIVER = 4
    LINK = 5
    TEXT = 6
    CALLBACK = 7
    """A number inside a text."""


class Treatment(IntEnum):
    """What else to do with traffic that is let through."""

    UNSPECIFIED = 0
    LABEL = 1
    CHALLENGE = 2
    DELAY = 3


class DisplayLabel(IntEnum):
    """What to show to the receiver."""

    UNSPECIFIED = 0
    SUSPECTED_FRAUD = 1
    INTERNATIONAL = 2
    UNREGISTERED_SENDER = 3


@dataclass(frozen=True, slots=True, kw_only=True)
class Relation:
    """A confirmed entity that is part of a row, or one that is seen with a confirmed one."""

    entity: str
    """A number, ``name:`` and a sender's name, ``link:`` and a registrable domain, or ``text:`` and
    the fingerprint of a text that the row is a near-duplicate of."""
    matched_on: MatchedOn
    related_to: str
    """The confirmed entity that it is seen with; empty where it is confirmed itself."""
    since_ms: int
    """Since when it is confirmed or suspected."""


@dataclass(frozen=True, slots=True, kw_only=True)
class Detail:
    """What only a few rows have."""

    entry_id: str = ""
    matched_on: MatchedOn = MatchedOn.UNSPECIFIED
    pattern: str = ""
    """The pattern of the entry that matched."""
    source: int = 0
    """Who supplied that entry, numbered as on the wire; 0 without one."""
    legal_basis: str = ""
    """Legal basis of that entry, as its author wrote it."""
    campaign: str = ""
    """The campaign that entry names."""
    fraud_type: FraudType = FraudType.UNSPECIFIED
    error: str = ""
    link_score: float | None = None
    """Highest score of a link in a text, where the link model was heard."""
    link: str = ""
    """That link, canonical."""
    read_bytes: int = 0
    """Bytes that were read of a body or URL that was cut; 0 where it was not."""
    truncated: bool = False
    """Whether it was cut: links and telephone numbers beyond were not looked up."""
    velocity_score: float | None = None
    """Score of a call that reached the threshold of the velocity model."""
    velocity_inputs: Mapping[str, float] | None = None
    """Of such a call: the inputs of the model by name, without zeros."""
    sender_history: Mapping[str, float] | None = None
    """Of a text decided as `Reason.SENDER_HISTORY`: the sender's ``texts`` and those ``blocked``,
    decayed, its ``receivers``, and the lowered ``threshold`` for words."""
    host_facts: Mapping[str, float] | None = None
    """Of a link whose score a gateway's facts on its host changed: the facts by name, and the
    ``model_score`` and ``odds_ratio`` as in ``decision.proto``."""
    relation: Relation | None = None
    """Why an event is blocked or marked as `Reason.RELATED`, whatever was decided."""
    monitored: bool = False
    """Whether the row was let through only because its carrier monitors the channel."""
    treatment: Treatment = Treatment.UNSPECIFIED
    label: DisplayLabel = DisplayLabel.UNSPECIFIED
    delay_ms: int = 0
    """Milliseconds until the block takes effect, or until treated traffic goes on."""
    cache_seconds: int | None = None
    """Of a link: how long the answer may be reused; None: as long as those of its batch."""


@dataclass(frozen=True, slots=True, kw_only=True)
class WouldBlock:
    """The shadow entry that would have blocked a row, whatever was decided."""

    entry_id: str
    pattern: str
    matched_on: MatchedOn
    fraud_type: FraudType
    kind: int
    """What the pattern is, as a number of the wire."""
    source: int
    """Who supplied the entry, as a number of the wire."""


_BLOCK = np.uint8(Action.BLOCK)
_MARKING = np.zeros(256, np.bool_)
_MARKING[[Reason.VELOCITY, Reason.RELATED, Reason.REVIEW]] = True


@dataclass(frozen=True, slots=True, kw_only=True)
class Decisions:
    """The answers to one table of traffic; row i answers event i."""

    first_id: int
    """Row i has the id ``first_id + i``, unless `ids` has another."""
    actions: Uint8s
    reasons: Uint8s
    scores: Float32s
    """Fraud probability in [0, 1]; NaN where no model scored the row."""
    threshold: float
    """The score from which this channel blocks without a policy."""
    entries: Int64s
    """Row of the deciding entry in the snapshot; -1 where none matched."""
    details: Mapping[int, Detail]
    list_version: int
    model_version: str
    """Version of the model that scored; empty without one."""
    velocity_version: str = ""
    """Version of the velocity model that scored the batch; empty when none did."""
    would_block: Mapping[int, WouldBlock] = field(default_factory=dict)
    """Of rows that a shadow entry would have blocked; they were decided without it."""
    thresholds: Float32s | None = None
    """The score from which each row is blocked, where policies of carriers apply."""
    monitored: Bools | None = None
    """Rows that are let through only because their carrier monitors the channel; their reason is
    that of the block. None for none."""
    carriers: Sequence[tuple[str, int]] = ()
    """The carrier and the number of rows of each request, in order; a single one stands for all
    rows, none for requests without a carrier."""
    ids: Mapping[int, int] = field(default_factory=dict)
    """Ids of rows that have another than ``first_id + i``: see `Calls.request_ids`."""
    held: Uint32s | None = None
    """Rules that held for each row, whether they decided or not: see `services.decision.rules`."""
    link_version: str = ""
    """Version of the link model that scored links in texts; empty when none did."""
    velocity_threshold: float | None = None
    """The velocity score from which a call is suspicious; None when none was scored."""
    sketches: BatchSketches | None = None
    """Of texts, as far as they were made; who needs more of them makes them there."""
    policy_version: int = 0
    """Version of the carrier policy in force; 0 for none, and for one of a file."""
    settings: str = ""
    """The settings that the rules depend on, as ``name=value`` with spaces between them."""
    allow_cache_seconds: int | None = None
    """How long an answer that lets a link through may be reused; None for other channels."""
    block_cache_seconds: int | None = None
    """Likewise, an answer that blocks a link."""
    dry_run: bool = False
    """Whether nothing was recorded; the rows have no ids then."""
    _telling: Bools | None = field(default=None, init=False, repr=False, compare=False)

    def __len__(self) -> int:
        return len(self.actions)

    def blocked_or_marked(self) -> Bools:
        """Return a mask of the rows blocked, or marked by velocity, graph or review.

        Found once; callers must not write to it.
        """
        found = self._telling
        if found is None:
            found = self.actions == _BLOCK
            found |= _MARKING.take(self.reasons)
            object.__setattr__(self, "_telling", found)
        return found

    def threshold_of(self, row: int) -> float:
        """Return the score from which *row* is blocked."""
        return self.threshold if self.thresholds is None else float(self.thresholds[row])

    def id_of(self, row: int) -> int:
        """Return the id of a row; 0 in a dry run."""
        return 0 if self.dry_run else self.ids.get(row, self.first_id + row)
