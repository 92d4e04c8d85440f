"""What a sender's blocked texts add: ``python -m classifiers.training.text.sender_histories``.

No source tells who sent a text, so senders are made up (`classifiers.text.sender_history`):

* *bound*: how likely a sender of legitimate texts, each of another kind, is ever in question, from
  the share of such texts that are blocked (three more than were), times the share of its texts that
  pass the lowered threshold;
* *by group*: each group of near-duplicates is one sender's, so a template that is blocked at times
  counts against its other fillings;
* *by source*: one sender sends the whole source, in random order.

All texts are sent at once, each to another receiver. Legitimate texts that are blocked besides are
false positives; fraudulent ones are the gain.
"""

import argparse
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from functools import partial
from math import ceil, comb
from pathlib import Path

import numpy as np

from classifiers import bundles
from classifiers.interfaces import LinkScorer, TextScorer
from classifiers.text import link_evidence, sender_history
from classifiers.text.sender_history import BLOCKED_SHARE, SenderHistories, SenderRecord
from classifiers.training.text import data
from classifiers.training.text.data import LabelledText
from classifiers.training.text.links_in_texts import BATCH, LABELS, table_of
from fanzha.links import find_links
from fanzha.tables import Bools

_LEAST, _MOST_TEXTS = 3, 200
_SEED = 7
_HEADER = (
    "| source | label | texts | by words and link | pass lowered | by group | by source | bound |",
    "| --- | --- | --: | --: | --: | --: | --: | --: |",
)


def scored(
    texts: Sequence[str], text_model: TextScorer, link_model: LinkScorer
) -> Iterator[tuple[bool, bool]]:
    """Yield whether words and link block each text, and whether they reach the lowered bar."""
    score = partial(link_evidence.LinkScores().of, link_model)
    for start in range(0, len(texts), BATCH):
        batch = texts[start : start + BATCH]
        links = [find_links(text) for text in batch]
        owners = np.array([row for row, found in enumerate(links) for _ in found], np.int64)
        urls = [url for found in links for url in found]
        words = text_model.score(table_of(batch)).p_fraud
        found = link_evidence.highest(score, urls, owners, words, text_model.threshold)
        blocked = words >= np.float32(text_model.threshold)
        by_link = link_evidence.blocking(words, found)
        if by_link is not None:
            blocked |= by_link
        everybody = dict.fromkeys(range(len(batch)), SenderRecord(0, 0, 0))
        reached = sender_history.reached(
            everybody,
            words,
            text_model.threshold,
            links=found,
            link_threshold=link_model.threshold,
        )
        lowered = np.zeros(len(batch), np.bool_)
        lowered[reached] = True
        yield from zip(blocked.tolist(), lowered.tolist(), strict=True)


def besides(senders: Sequence[int], blocked: Bools, lowered: Bools) -> Bools:
    """Return the texts that are blocked for their sender alone, sent one after another."""
    histories, found = SenderHistories(2**20), np.zeros(len(senders), np.bool_)
    for row, sender in enumerate(senders):
        key, receiver = np.array([sender]), np.array([row + 1])
        if lowered[row] and not blocked[row] and histories.in_question(key, 0):
            found[row] = True
        histories.record(key, receiver, blocked[row : row + 1], 0)
    return found


def bound(texts: int, blocked: int) -> float:
    """Return the most likely that a sender of independent texts is in question at any time."""
    share = min((blocked + 3) / texts, 1.0)
    return max(
        _at_least(count, max(_LEAST, ceil(BLOCKED_SHARE * count)), share)
        for count in range(_LEAST, _MOST_TEXTS)
    )


def report(rows: Sequence[LabelledText], found: Sequence[tuple[bool, bool]]) -> str:
    """Write a table in Markdown: one line per source and label."""
    places: dict[tuple[str, str], list[int]] = defaultdict(list)
    for place, row in enumerate(rows):
        places[row.source, row.label].append(place)
    blocked, lowered = np.array(found, np.bool_).T
    lines = list(_HEADER)
    for (source, label), of in sorted(
        places.items(), key=lambda one: (LABELS.index(one[0][1]), one[0][0])
    ):
        here = np.array(of)
        groups = _numbered([rows[place].group for place in of])
        by_group = besides(groups, blocked[here], lowered[here])
        mixed = np.random.default_rng(_SEED).permutation(here)
        by_source = besides([1] * len(of), blocked[mixed], lowered[mixed])
        passing = np.count_nonzero(lowered[here] & ~blocked[here])
        figures = [len(of), *(int(one) for one in (blocked[here].sum(), passing))]
        figures += [int(by_group.sum()), int(by_source.sum())]
        most = ""
        if label in LABELS[:2]:
            most = f" {bound(len(of), figures[1]) * passing / len(of):.1e}"
        lines.append(f"| {source} | {label} | {' | '.join(map(str, figures))} |{most} |")
    return "\n".join(lines)


def main(arguments: Sequence[str] | None = None) -> None:
    """Measure the shipped models on the texts of a folder."""
    parser = argparse.ArgumentParser(description=__doc__.partition("\n")[0])
    parser.add_argument("--data", type=Path, required=True, help="folder of labelled texts")
    parser.add_argument("--seed", type=int, default=1, help="of our own templates")
    given = parser.parse_args(arguments)
    text_model, link_model = bundles.load_text(), bundles.load_link()
    everything = [row for row in data.read(given.data, given.seed) if row.source != "teleantifraud"]
    for split in (data.VALIDATION, data.TEST):
        rows = [row for row in everything if row.split == split]
        found = list(scored([row.text for row in rows], text_model, link_model))
        sys.stdout.write(f"\n{split}\n\n{report(rows, found)}\n")
        sys.stdout.flush()


def _at_least(texts: int, least: int, share: float) -> float:
    return sum(
        comb(texts, blocked) * share**blocked * (1 - share) ** (texts - blocked)
        for blocked in range(least, texts + 1)
    )


def _numbered(names: Sequence[str]) -> list[int]:
    known: dict[str, int] = {}
    return [known.setdefault(name, len(known) + 1) for name in names]


if __name__ == "__main__":
    main()
