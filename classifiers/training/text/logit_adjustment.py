"""Logit adjustment: an offset per language on the logit of ham keeps fraud within its budget.

So fraud needs a larger margin over ham where ham is scarce in training. The margin over spam is
unchanged: no budget constrains it. The offset of a language is the smallest with which even odds
keep the budgets of public legitimate texts (`RATE`) and of our own look-alikes (`OWN_BUDGET`).
"""

from collections.abc import Sequence

import numpy as np

from classifiers.evaluation.risk_control import RiskControl, control_risk
from classifiers.training.text.data import FRAUD, HAM, LANGUAGES, OWN, SPAM, LabelledText
from fanzha.tables import Bools, Float32s, Int64s

RATE = 0.0001
"""Of public legitimate texts of a language, near-duplicates counted once. Too few texts to show it
may have one blocked: no corpus is free of wrong labels."""
OWN_BUDGET = 0.01
"""Of our own look-alikes: written to be hard, and each many times the same, they are no sample of
traffic. Their budget is another one, and reported."""
ENOUGH = 300
"""Rows of ham from which a language gets its own offset."""
FEWEST_LEGITIMATE = 100
"""Public legitimate texts to learn from, below which a language is only put up for review: left out
of training, Thai and Indonesian had one in ten of their legitimate texts blocked."""
_SEVERAL = LANGUAGES.index("other")
"""Stands for all languages that are not in the list, most of which training does not know."""
_KINDS = {
    "inbox": "notices",
    "indonesian_sms": "inboxes",
    "thai_sms": "notices",
    "turkish_sms": "inboxes",
    "livechat": "chat and posts",
    "msglog": "chat and posts",
    "w80": "chat and posts",
    "nus": "messages",
    "uci": "messages",
    "mendeley": "messages",
    OWN: "look-alikes",
}
"""Kinds of sources of ham; what a site adds is of its own kind."""
_NEVER = np.float32(-1e3)


def kind_of(row: LabelledText) -> str:
    """Return language and kind of source of a legitimate row."""
    return f"{LANGUAGES[row.language]} {_KINDS.get(row.source, row.source)}"


def required_margins(found: Float32s) -> Float32s:
    """Return what has to be added to the logit of ham so that fraud has a probability of 0.5.

    Where spam is likelier than fraud, nothing has to.
    """
    fraud, spam = found[:, FRAUD], found[:, SPAM]
    is_ahead = fraud > spam
    gap = np.where(is_ahead, spam - fraud, np.float32(-1))
    rest = fraud + np.log1p(-np.exp(np.minimum(gap, np.float32(-1e-6))))
    caution: Float32s = np.where(is_ahead, rest - found[:, HAM], _NEVER).astype(np.float32)
    return caution


def ham_offsets(rows: Sequence[LabelledText], found: Float32s) -> Float32s:
    """Return the caution of each language, from the logits of the validation *rows*."""
    margins, parts, clusters = required_margins(found), budgets(rows), clusters_of(rows)
    caution = np.zeros(len(LANGUAGES), np.float32)
    enough = np.zeros(len(LANGUAGES), np.bool_)
    for language in range(len(LANGUAGES)):
        ham = np.array([row.language == language and row.label == "ham" for row in rows])
        enough[language] = ham.sum() >= ENOUGH
        for part, allowed in parts:
            if (part & ham).any():
                needed = _highest(highest_of_clusters(margins, clusters, part), allowed)
                caution[language] = max(caution[language], needed)
    # Languages with too little ham get the largest offset of the others.
    caution[~enough] = np.maximum(caution[~enough], caution[enough].max(initial=0))
    return caution


def few_legitimate(rows: Sequence[LabelledText]) -> Bools:
    """Return a mask of the languages in which *rows*, which are learned from, are too few.

    What is written in one of them is at most put up for review, whatever it scores.
    """
    ham = [row.language for row in rows if row.label == "ham" and row.source != OWN]
    few: Bools = np.bincount(ham, minlength=len(LANGUAGES)) < FEWEST_LEGITIMATE
    few[_SEVERAL] = True
    return few


def risk(rows: Sequence[LabelledText], scores: Float32s) -> RiskControl | None:
    """Return the threshold that would promise `RATE` by kind of source; None without ham."""
    ham = [n for n, row in enumerate(rows) if row.label == "ham" and row.source != OWN]
    if not ham:
        return None
    groups = np.array([kind_of(rows[n]) for n in ham])
    return control_risk(scores[ham], groups, clusters_of(rows)[ham], rate=RATE)


def clusters_of(rows: Sequence[LabelledText]) -> Int64s:
    """Return a number for the near-duplicates of each row; our own messages have one each."""
    own = [f"{OWN} {n}" if row.source == OWN else row.group for n, row in enumerate(rows)]
    return np.unique(own, return_inverse=True)[1].astype(np.int64)


def highest_of_clusters(scores: Float32s, clusters: Int64s, chosen: Bools) -> Float32s:
    """Return the highest score of each cluster among the *chosen* rows."""
    names, places = np.unique(clusters[chosen], return_inverse=True)
    highest = np.full(len(names), -np.inf, np.float32)
    np.maximum.at(highest, places, scores[chosen])
    return highest


def budgets(rows: Sequence[LabelledText]) -> list[tuple[Bools, int]]:
    """Return groups of legitimate rows, and how many clusters of each may be blocked."""
    clusters = clusters_of(rows)
    public = [(part, len(np.unique(clusters[part]))) for part in _parts(rows, is_own=False)]
    own = [(part, int(part.sum() * OWN_BUDGET)) for part in _parts(rows, is_own=True)]
    return [(part, max(int(count * RATE), 1)) for part, count in public] + own


def _parts(rows: Sequence[LabelledText], *, is_own: bool) -> list[Bools]:
    chosen = np.array([row.label == "ham" and (row.source == OWN) == is_own for row in rows])
    languages = np.array([row.language for row in rows])
    parts = [chosen & (languages == language) for language in range(len(LANGUAGES))]
    return [part for part in parts if part.any()]


def _highest(values: Float32s, allowed: int) -> float:
    return float(np.sort(values)[-1 - min(allowed, len(values) - 1)])
