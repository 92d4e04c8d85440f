"""Weighs what the senders of a batch of texts did: those whose texts were just blocked.

What is remembered is what this worker saw (`classifiers.text.sender_history`). Senders that are
registered for their route are exempt, since others may have used their name, and so are protected
ones. What counts against a sender is what was blocked for its content: by words, by a link, or by
an entry for a link, a number or the words in the text; not what its own history blocked.
"""

from collections.abc import Callable, Collection, Mapping
from dataclasses import dataclass
from typing import NamedTuple, Self

import numpy as np

from classifiers.text import sender_history
from classifiers.text.link_evidence import WORD_SCORE, ScoredLink
from classifiers.text.sender_history import THRESHOLD_SHARE, SenderHistories
from fanzha.decisions import Action, Decisions, MatchedOn, Reason
from fanzha.tables import Bools, Float32s, Int64s, Texts, Uint8s

_BLOCK, _BLOCKLISTED = np.uint8(Action.BLOCK), np.uint8(Reason.BLOCKLISTED)
_FOR_CONTENT = np.zeros(max(Reason) + 1, np.bool_)
_FOR_CONTENT[[Reason.SCORED, Reason.LINK_SCORED, Reason.BLOCKLISTED]] = True
_IN_CONTENT = np.zeros(max(MatchedOn) + 1, np.bool_)
_IN_CONTENT[[MatchedOn.LINK, MatchedOn.CALLBACK, MatchedOn.TEXT]] = True


class SenderFindings(NamedTuple):
    """The texts of a batch whose sender lowers the bar for them, and that reach it."""

    reached: Bools
    rule: str
    """The rule of `services.decision.rules` that holds for them: it blocks or marks."""
    histories: Mapping[int, Mapping[str, float]]
    """Of these rows: what is remembered of the sender, and the threshold for words."""


class TextScoring(NamedTuple):
    """What is known of the content of a batch of texts."""

    words: Float32s
    thresholds: float | Float32s
    links: Mapping[int, ScoredLink]
    link_threshold: float
    near: Collection[int]
    """Rows that are near-duplicates of a confirmed or suspected text."""


@dataclass(frozen=True, slots=True, kw_only=True)
class SenderStage:
    """The histories of senders as one worker knows them. One thread only."""

    histories: SenderHistories
    blocks: bool = True
    """Whether a text that reaches the lowered bar is blocked, and not only marked."""
    counts: bool = True

    def for_dry_runs(self) -> Self:
        """Return a stage that reads the same histories, and counts nothing."""
        return type(self)(histories=self.histories, blocks=self.blocks, counts=False)

    def judge(
        self,
        senders: Int64s,
        scores: tuple[Float32s, float | Float32s],
        content: Callable[[], tuple[Bools, TextScoring]],
        now_s: int,
    ) -> SenderFindings | None:
        """Find the texts whose sender is in question and that reach the lowered bar.

        *scores* are those of the words, and their thresholds. *content* returns the rows whose
        sender is exempt, and what is known of the texts.
        """
        if not len(self.histories):
            return None
        # Most texts score next to nothing, and no history weighs in those.
        words, thresholds = scores
        least = np.minimum(WORD_SCORE, thresholds * THRESHOLD_SHARE)
        open_rows = ((words >= least) & (words < thresholds)).nonzero()[0]
        known = self.histories.in_question(senders[open_rows], now_s * 1000)
        if not known:
            return None
        exempt, scoring = content()
        by_row = {int(open_rows[place]): one for place, one in known.items()}
        in_question = {row: one for row, one in by_row.items() if not exempt[row]}
        rows = sender_history.reached(
            in_question, scoring.words, scoring.thresholds,
            links=scoring.links, link_threshold=scoring.link_threshold, near=scoring.near,
        )  # fmt: skip
        if not rows:
            return None
        reached = np.zeros(len(senders), np.bool_)
        reached[rows] = True
        lowered = np.broadcast_to(scoring.thresholds, len(senders))
        histories = {
            row: in_question[row]._asdict() | {"threshold": float(lowered[row] * THRESHOLD_SHARE)}
            for row in rows
        }
        rule = "sender_history" if self.blocks else "marked_history"
        return SenderFindings(reached, rule, histories)

    def blocked_shares(self, senders: Int64s, exempt: Bools, now_s: int) -> Float32s:
        """Return the share of each sender's recent texts that was blocked; NaN for unknown ones.

        A sender whose history does not count (*exempt*) is unknown.
        """
        shares = np.full(len(senders), np.nan, np.float32)
        for row, record in self.histories.known(senders, now_s * 1000).items():
            if not exempt[row] and record.texts > 0:
                shares[row] = record.blocked / record.texts
        return shares

    def record(
        self,
        texts: Texts,
        decisions: Decisions,
        matched_on: Uint8s,
        exempt: Callable[[], Bools],
        now_s: int,
    ) -> None:
        """Count a decided batch; *matched_on* is what the deciding entries matched."""
        if not self.counts:
            return
        blocked = decisions.actions == _BLOCK
        if decisions.monitored is not None:
            blocked |= decisions.monitored
        if np.count_nonzero(blocked):
            blocked &= _FOR_CONTENT.take(decisions.reasons) & ~exempt()
            by_party = decisions.reasons == _BLOCKLISTED
            blocked &= ~by_party | _IN_CONTENT.take(matched_on)
        self.histories.record(texts.senders, texts.receivers, blocked, now_s * 1000)
