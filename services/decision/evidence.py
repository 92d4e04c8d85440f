"""What one batch is decided on: a record that the stages of `services.decision.pipeline` fill."""

from collections.abc import Callable, Mapping, Sequence
from dataclasses import dataclass, field

import numpy as np

from blocklists.snapshot.snapshot import Snapshot
from classifiers.interfaces import CallerScorer, LinkScorer, TextScorer
from classifiers.text.link_evidence import ScoredLink
from fanzha.fingerprint import BatchSketches
from fanzha.tables import Bools, Channel, Float32s, Uint8s, marked
from services.decision import rules
from services.decision.carriers.policy import BatchPolicy, CarrierPolicies
from services.decision.host_facts import FactsWeighed
from services.decision.list_match import LinksInTexts, ListMatch
from services.decision.observer import Table
from services.decision.related.stage import RelatedRows
from services.decision.rules import Ruling
from services.decision.sender_stage import SenderFindings, TextScoring
from services.decision.shadow.models import Shadows
from services.decision.velocity import VelocityResult


@dataclass(frozen=True, slots=True, kw_only=True)
class ModelSet:
    """One model per channel, and the score from which each channel blocks."""

    caller: CallerScorer
    text: TextScorer
    link: LinkScorer
    thresholds: Mapping[Channel, float]
    review_thresholds: Mapping[Channel, float | None] = field(default_factory=dict)
    """The score from which a person is to judge what is not blocked; None where no one is."""
    shadows: Shadows = field(default_factory=Shadows)
    """Models that score the same traffic and decide nothing."""


class BatchContext:
    """What the parts of one batch share: lists, models, policies, carriers, ids, and a deadline."""

    def __init__(
        self,
        rows: int = 0,
        check_deadline: Callable[[], None] = lambda: None,
        carriers: Sequence[tuple[str, int]] = (),
    ) -> None:
        """Expect *rows* in all parts; *check_deadline* runs between stages and raises to stop.

        *carriers* are the carrier and the number of rows of each request, in order. A single one
        stands for all rows of all parts; none says that no request names a carrier.
        """
        self.check_deadline = check_deadline
        self.carriers = carriers
        self.pinned: tuple[Snapshot, ModelSet, CarrierPolicies] | None = None
        """What the first part was decided by; the others are, too."""
        self._rows = rows
        self._next_id: int | None = None

    def take_ids(self, rows: int, reserve: Callable[[int], int]) -> int:
        """Return the first of *rows* ids; those of all parts are reserved together."""
        if self._next_id is None:
            self._next_id = reserve(max(rows, self._rows))
        first, self._next_id = self._next_id, self._next_id + rows
        return first


@dataclass(slots=True, kw_only=True)
class BatchEvidence:
    """What is known of one batch; every column has a value per row of *table*."""

    channel: Channel
    table: Table
    context: BatchContext
    snapshot: Snapshot
    models: ModelSet
    policy: BatchPolicy | None = None
    """The policies of the carriers; None where none applies."""
    policy_version: int = 0
    """Version of the carrier policy, whether one applies or not."""
    now_s: int = 0
    """When the batch is decided, in seconds since the Unix epoch."""

    # Stage "lists".
    listed: ListMatch = field(init=False)
    """The deciding entries."""
    shadow_listed: ListMatch | None = None
    """The entries that would decide if shadow entries enforced; None where none matches."""
    protected: Bools = field(init=False)
    """Rows that involve a protected number or name."""
    implausible: Bools | None = None
    """Rows whose caller or sender cannot be what it claims; None where the rules ignore that."""
    genuine: Bools | None = None
    """Texts whose sender is registered for their route; None for other channels."""
    unregistered: Bools | None = None
    """Texts whose sender's name is not registered; None where the rules ignore that."""
    block_unregistered: bool = False
    ingress: Uint8s | None = None
    """Of calls and texts: the stricter of what was reported and what the trunk group says."""

    sketches: BatchSketches | None = None
    """Of texts, as far as they were needed; shared by lists, graph and hits."""
    related: RelatedRows | None = None
    """Rows that a confirmed or suspected entity is part of; None for none."""

    # Stage "model".
    scores: Float32s = field(init=False)
    """Fraud probabilities; NaN where the model failed."""
    model_version: str = ""
    known_too_little: Bools | None = None
    """Calls of callers with too few for a judgement; None for other channels."""
    fraud_types: Uint8s | None = None
    """The model's, of texts."""
    text_links: LinksInTexts | None = None
    """The links in texts."""
    scored_links: Mapping[int, ScoredLink] = field(default_factory=dict)
    """Of texts whose words leave it open: the link that scores highest, by row."""
    facts_weighed: FactsWeighed | None = None
    """Of links: what gateways told of their hosts, where that moved scores."""
    link_version: str = ""
    """Version of the link model that scored them; empty where none did."""
    link_scored: Bools | None = None
    """Texts that such a link blocks; None without any."""
    link_marked: Bools | None = None
    """Texts with a link that its own channel would block; None without any."""
    senders: SenderFindings | None = None
    """Texts that reach a threshold lowered for their sender; None without any."""
    rule_columns: dict[str, Bools] = field(default_factory=dict)
    """Rows for which a rule of `services.decision.rules.PRECEDENCE` holds, by its name: of rules
    that nothing else reads, such as spam."""

    # Stage "velocity", of calls.
    velocity: VelocityResult | None = None

    @property
    def rows(self) -> int:
        """Number of rows."""
        return len(self.table)

    def exempt_senders(self) -> Bools:
        """Return the rows whose sender's history does not count: protected and registered ones."""
        return self.protected if self.genuine is None else self.protected | self.genuine

    def text_scoring(self) -> TextScoring:
        """Return what is known of the content of texts."""
        return TextScoring(
            words=self.scores,
            thresholds=self.threshold,
            links=self.scored_links,
            link_threshold=self.models.thresholds[Channel.LINK],
            near=() if self.related is None else self.related.near,
        )

    @property
    def threshold(self) -> float | Float32s:
        """The score from which this channel blocks; a column where policies apply."""
        return self.channel_threshold if self.policy is None else self.policy.thresholds

    @property
    def channel_threshold(self) -> float:
        """The score from which this channel blocks without a policy."""
        return self.models.thresholds[self.channel]

    def ruling(
        self,
        *,
        listed: Uint8s | None = None,
        scores: Float32s | None = None,
        threshold: float | None = None,
        suspicious: Bools | None = None,
    ) -> Ruling:
        """Apply the rules; an argument replaces what was found, as a shadow would."""
        velocity, related = self.velocity, self.related
        if suspicious is None and velocity is not None:
            suspicious = velocity.reached
        return rules.rule(
            invalid=marked(self.rows, self.table.errors) if self.table.errors else None,
            protected=self.protected,
            listed=self.listed.actions if listed is None else listed,
            implausible=self.implausible,
            scores=self.scores if scores is None else scores,
            threshold=self.threshold if threshold is None else threshold,
            link_scored=self.link_scored,
            link_marked=self.link_marked,
            suspicious=suspicious,
            block_suspicious=velocity is not None and velocity.blocks,
            related=None if related is None else related.marked,
            related_blocked=None if related is None else related.blocked,
            unregistered=self.unregistered,
            block_unregistered=self.block_unregistered,
            # A shadow model is asked about fraud alone; the active one says what is spam.
            **self.rule_columns,
        )


def unscored(rows: int) -> Float32s:
    """Return the scores of a batch whose model failed."""
    return np.full(rows, np.nan, np.float32)
