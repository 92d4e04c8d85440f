"""Figures of the text model, source by source, and the page rendered from its card."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path

import numpy as np

from classifiers.training.common import markdown_table
from classifiers.training.sms_data import Row
from fanzha.tables import Bools, Float32s

Figures = list[dict[str, object]]
_TITLES = ("source", "ham", "blocked", "fraud", "recall", "spam", "spam blocked")


def by_source(rows: Sequence[Row], p_fraud: Float32s, threshold: float) -> Figures:
    """Count what is blocked in each source; a label without rows is left out."""
    sources = np.array([row.source for row in rows])
    blocked = p_fraud >= threshold
    figures: Figures = []
    for source in np.unique(sources).tolist():
        figure: dict[str, object] = {"source": source}
        for label in ("ham", "nonfraud", "fraud", "spam"):
            of_label = np.array([row.label == label for row in rows]) & (sources == source)
            figure |= _counts(label, of_label, blocked)
        figures.append(figure)
    return figures


def _counts(label: str, rows: Bools, blocked: Bools) -> dict[str, object]:
    if not rows.any():
        return {}
    return {label: int(rows.sum()), f"{label}_blocked": int((rows & blocked).sum())}


def page(bundle: Path) -> str:
    """Render the page about the text model in *bundle* from its card."""
    card = tomllib.loads((bundle / "card.toml").read_text(encoding="utf-8"))
    metrics = card["metrics"]
    numbers = {**card, **metrics, "cautions": _cautions(card["languages"], card["caution"])}
    parts = [_HEAD.format_map(numbers)]
    for name, title in _TABLES.items():
        if metrics.get(name):
            parts.append(f"## {title}\n\n{_table(metrics[name])}\n")
    return "\n".join([*parts, _LIMITS])


def _cautions(languages: Sequence[str], caution: Sequence[float]) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in zip(languages, caution, strict=True))


def _table(figures: Figures) -> str:
    return markdown_table(_TITLES, [_line(figure) for figure in figures])


def _line(figure: Mapping[str, object]) -> list[object]:
    ham = "nonfraud" if "nonfraud" in figure else "ham"
    return [
        figure["source"],
        figure.get(ham, ""),
        _share(figure, ham, 3),
        figure.get("fraud", ""),
        _share(figure, "fraud", 1),
        figure.get("spam", ""),
        _share(figure, "spam", 1),
    ]


def _share(figure: Mapping[str, object], label: str, places: int) -> str:
    if label not in figure:
        return ""
    share = float(str(figure[f"{label}_blocked"])) / float(str(figure[label]))
    return f"{share:.{places}%} ({figure[f'{label}_blocked']})"


_TABLES = {
    "test": "Test rows, looked at once",
    "left_out": "Sources left out of training, each with a training and threshold of its own",
    "validation": "Validation rows (threshold, epochs and settings were chosen on these)",
}

_HEAD = """\
# Text model

Judges a text message by its words: ham, spam or fraud. Rendered by `python -m
classifiers.training.sms`; every figure is from the card of the bundle, version {version}.

**Normalising.** `fanzha/text.py`: look-alikes, full-width and accented characters folded,
zero-width ones dropped, links and numbers replaced by typed tokens, punctuation dropped.
**Features.** Three hashed n-grams per character (1, 2, 3 of wide, 3, 4, 6 of narrow characters),
131,072 buckets, the first 512 normalised characters.
**Network.** Mean of 16-wide 8-bit embeddings, 64 hidden units, softmax over three classes, and a
second softmax over five languages. One ONNX graph of {megabytes} MB.
**Caution.** The budget has to hold in every language, and in most there is too little ham to
learn from. So a number per language is taken off the logit of fraud: {cautions}.
A language that training does not know counts as the most cautious of those with enough ham.
**Split.** By group of near-duplicates (own messages: by template): {train_rows} rows to train,
{validation_rows} to validate, {test_rows} to test.
**Threshold.** {threshold}: at most 1 in 1,000 ham texts of every source reaches it on the
validation rows; where a source has fewer than 1,000, none. It is at least 0.7 by decision, a
reserve for sources never seen; languages mixed in one source push it higher.
**Spam is not fraud.** Only fraud blocks. The last column says how much of what the sources call
spam is blocked as fraud; `spamhunter` and `uci` do not tell the two apart.
**Quantising** changes a probability by {quantising_error} at most on 2,000 validation rows.
"""

_LIMITS = """\
## Limits

* Real Chinese fraud in the data is of one kind (fake base stations, published 2020). Messages
  that read like a person ("I am your customer service…") are hardly ever caught: see
  `telecom_fraud_texts`, which was never trained on; the column *ham* holds its "not fraud", with
  adverts.
* `fbs` is one campaign after another with little between them: its recall says little about
  other campaigns. Left out of training, nothing of it is caught: a Chinese campaign never seen
  passes, until a list entry stops it.
* **The budget is not kept everywhere.** On test rows, two of our 25 held-out templates of
  legitimate messages are blocked (an English parcel notice, an English reply to a job
  application). Left out of training, `inbox`, `mendeley` and `thai_sms` pass 1 in 1,000: a
  language or kind of notice that training does not know is not safe yet.
* Indonesian and Thai ham is a few hundred rows: a rate of 1 in 1,000 cannot be shown there, and
  caution costs much recall. The same is true of our own templates and of `mendeley` and
  `turkish_sms`.
* Real service notices in Chinese are one person's (`inbox`); the rest we wrote ourselves.
* The sender is in the graph's inputs but has no weight: no labelled source names senders.
* Mean embeddings dilute: fraud hidden in a long harmless text scores lower.
* Scores are not calibrated. The kind of fraud comes from a word list
  (`classifiers/fraud_type_words.py`), not from the model.
* Some sources state no licence, or one that a product needs a legal look at: see the card's
  `data`.
"""
