"""What is known of uncertain texts besides their words, for the second stage of the text model.

The score of their links and what their sender sent lately; `classifiers.text.facts` weighs both.
Asked of the few uncertain rows of a batch, before its texts are decided on.
"""

from collections.abc import Callable, Sequence
from dataclasses import dataclass

import numpy as np

from classifiers.text.facts import FactsOf, TextFacts, link_odds
from classifiers.text.link_evidence import LinkScores
from fanzha.tables import Channel, Float32s, Int64s, Texts
from services.decision.evidence import BatchEvidence
from services.decision.sender_stage import SenderStage


@dataclass(frozen=True, slots=True)
class TextFactsReader:
    """Reads the facts of uncertain texts; without a sender stage no sender is known."""

    scores: LinkScores
    senders: SenderStage | None
    failed: Callable[[Channel, Exception], None]
    """Told where the model for links breaks; no link is known then."""

    def reader(self, texts: Texts, evidence: BatchEvidence) -> FactsOf:
        """Return what reads the facts of rows of one batch."""

        def of_rows(rows: Sequence[int]) -> TextFacts:
            chosen = np.asarray(rows, np.int64)
            shares = links = np.full(len(chosen), np.nan, np.float32)
            if self.senders is not None:
                exempt = evidence.exempt_senders()[chosen]
                keys, now_s = texts.senders[chosen], evidence.now_s
                shares = self.senders.blocked_shares(keys, exempt, now_s)
            try:
                links = _link_odds(evidence, chosen, self.scores)
            except Exception as error:
                self.failed(Channel.LINK, error)
            return TextFacts(links, shares)

        return of_rows


def _link_odds(evidence: BatchEvidence, rows: Int64s, scores: LinkScores) -> Float32s:
    """Return the log odds of the highest-scoring link of each row."""
    highest = np.full(len(rows), np.nan, np.float32)
    links = evidence.text_links
    if links is None or not links.urls:
        return highest
    places = {row: place for place, row in enumerate(rows.tolist())}
    owners = [places.get(row, -1) for row in links.owners.tolist()]
    asked = [n for n, place in enumerate(owners) if place >= 0]
    scored = scores.of(evidence.models.link, [links.urls[n] for n in asked])
    for n, link in zip(asked, scored, strict=True):
        highest[owners[n]] = np.fmax(highest[owners[n]], np.float32(link.score))
    return link_odds(highest)
