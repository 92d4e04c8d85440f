"""What the second stage gains and costs by its facts, and what languages that are only reviewed do.

Links are those of the texts. No source names its senders, so they are made up, as
`classifiers.training.text.sender_histories` does: each group of near-duplicates is one sender's, of
whose other texts the model has judged every one before. That is the most a history can know.
"""

from collections.abc import Sequence

import numpy as np

from classifiers.training.text.cascade import Stages
from classifiers.training.text.data import LabelledText
from classifiers.training.text.second_stage.link_facts import LinkOdds
from fanzha.tables import Bools, Float32s

Figures = list[dict[str, object]]


def figures(
    rows: Sequence[LabelledText], stages: Stages, fast: Float32s, review_only: Bools
) -> Figures:
    """Return for each source and label what is blocked by words, and besides for each fact.

    ``capped`` are the rows that would be blocked, were their language not only reviewed.
    """
    texts = [row.text for row in rows]
    words = stages.judge(texts, fast, review_only, reads_links=False)
    links = stages.judge(texts, fast, review_only)
    shares = blocked_shares(rows, links.blocked)
    senders = stages.judge(texts, fast, review_only, blocked_shares=shares)
    uncapped = stages.judge(texts, fast)
    uncertain = np.flatnonzero(links.escalated)
    has_link = np.zeros(len(rows), np.bool_)
    has_link[uncertain] = ~np.isnan(LinkOdds().of([texts[n] for n in uncertain.tolist()]))
    columns = {
        "uncertain": links.escalated,
        "with_link": has_link,
        "words": words.blocked,
        "link": links.blocked & ~words.blocked,
        "history": senders.blocked & ~links.blocked,
        "capped": uncapped.blocked & ~links.blocked,
    }
    names = np.array([f"{row.source}\t{row.label}" for row in rows])
    found: Figures = []
    for name in np.unique(names).tolist():
        part = names == name
        source, label = name.split("\t")
        counts = {key: int((column & part).sum()) for key, column in columns.items()}
        found.append({"source": source, "label": label, "rows": int(part.sum()), **counts})
    return found


def blocked_shares(rows: Sequence[LabelledText], blocked: Bools) -> Float32s:
    """Return the share of the other rows of each group that is blocked; NaN where there is none.

    As in the service, a sender none of whose texts was blocked is not known.
    """
    _, groups = np.unique([f"{row.source} {row.group}" for row in rows], return_inverse=True)
    counts = np.bincount(groups)[groups] - 1
    others = np.bincount(groups, weights=blocked)[groups] - blocked
    shares = np.full(len(rows), np.nan, np.float32)
    known = (counts > 0) & (others > 0)
    shares[known] = (others[known] / counts[known]).astype(np.float32)
    return shares
