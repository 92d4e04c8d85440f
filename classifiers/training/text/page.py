"""The page about the text model, rendered from its card."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers import bundles
from classifiers.card import CARD
from classifiers.training import (
    card_plots,
    card_sections,
    examples_card,
    page_template,
)
from classifiers.training.bundle_writer import markdown_table
from classifiers.training.text.data import OWN
from classifiers.training.text.evasions import EVASIONS
from classifiers.training.text.report import Figures

_TEMPLATE = Path(__file__).with_name("sms_page.md")
_CASCADE = Path(__file__).with_name("sms_page.cascade.md")
_NO_CASCADE = Path(__file__).with_name("sms_page.no_cascade.md")
_TABLES = ("test", "validation")
_TESTED = "test_"
_ABOUT_LEFT_OUT = """\
Templates and options were chosen with the training and validation rows of some of these sources in
view, left out or not. Their test rows were not: the last columns.

"""
_ABOUT_REVIEWED = """\

Put up for review is what scores from where 1 in 1,000 public legitimate validation texts of the
other sources do. *For its language* is what both stages would block, were the language that the
network takes it for not only reviewed: a round without Thai and Indonesian knows no legitimate
texts of either.

"""
_ABOUT_FACTS = """\
The log odds of a link by the model for links count where they are even or more, and what share of a
sender's last texts was blocked (`classifiers/text/facts.py`). What is unknown adds exactly nothing.
The weight of links is fitted on the uncertain validation rows; that of a sender is stated, as no
source names its senders: here each group of near-duplicates is one sender's, whose other texts were
all judged before. Classes of senders have a place and no weight.

"""
_TITLES = (
    "source",
    "ham",
    "blocked",
    "looked at",
    "fraud",
    "recall",
    "fast stage alone",
    "looked at",
    "spam",
    "spam blocked",
)


def write(bundle: Path, page: Path) -> None:
    """Write the page about the text model in *bundle*, and its plots beside it."""
    card = tomllib.loads((bundle / "card.toml").read_text(encoding="utf-8"))
    page.write_text(render(card, bundle, card_plots.draw(card, page)), encoding="utf-8")


def render(card: Mapping[str, Any], bundle: Path, plots: str) -> str:
    """Render the page of the card in *bundle*; *plots* is Markdown that shows them."""
    metrics = card["metrics"]
    values = {
        **card,
        **metrics,
        "megabytes": f"{(bundle / 'model.onnx').stat().st_size / 1e6:.2f}",
        "cautions": _cautions(card["languages"], card["caution"]),
        "curve": "{:.3g} o³ + {:.3g} o + {:.3g}".format(*card["calibration"]),
        "second_look": _cascade(card),
        **{name: _table(metrics[name]) if metrics.get(name) else "" for name in _TABLES},
        "left_out": left_out(metrics["left_out"]) if metrics.get("left_out") else "",
        "facts": _facts(metrics),
        "before": _before(card, bundle),
        "review_languages": ", ".join(card.get("review_only", ())) or "none",
        "options": _options(card),
        "evasions": _evasion_table(metrics["evasions"]) if metrics.get("evasions") else "",
        "examples": _examples(card),
        "ham": _ham_table(metrics),
        "risk": _risk(metrics),
        "review": _review(card),
        "own_share": _own_share(card),
        "kinds": _kind_table(metrics),
        "plots": plots,
        **card_sections.rendered(metrics, "classifiers/training/error_kinds/text_rules.py"),
    }
    return page_template.fill(_TEMPLATE, values)


def _examples(card: Mapping[str, Any]) -> str:
    return examples_card.section(card["examples"]).rstrip() if "examples" in card else ""


def _ham_table(metrics: Mapping[str, Figures]) -> str:
    lines = [
        [
            f"{figure['kind']}, {split}",
            figure["ham"],
            figure["blocked"],
            f"{float(str(figure['low'])):.3%} to {float(str(figure['high'])):.3%}",
        ]
        for split in ("validation", "test")
        for figure in metrics[f"{split}_ham"]
    ]
    return markdown_table(("legitimate texts", "rows", "blocked", "95 % interval"), lines)


def _risk(metrics: Mapping[str, Any]) -> str:
    found = metrics["validation_risk"]
    threshold = found.get("threshold")
    return f"{found['statement']} That would take a score of " + (
        "more than 1." if threshold is None else f"{threshold}."
    )


def _review(card: Mapping[str, Any]) -> str:
    if "review_threshold" not in card:
        return "None."
    shares = card["metrics"]["test_reviewed"]
    caught = ", ".join(f"`{source}` {share:.0%}" for source, share in shares.items())
    return (
        f"A text that scores from {card['review_threshold']} on is let through and put up for a "
        "person to judge: with those blocked, at most 1 in 1,000 public legitimate validation "
        f"texts. Of the frauds of test rows so many are blocked or put up: {caught}."
    )


def _own_share(card: Mapping[str, Any]) -> str:
    rows = {one["source"]: int(one["rows"]) for one in card["data"]}
    return f"{rows.get(OWN, 0) / sum(rows.values()):.0%}"


def _kind_table(metrics: Mapping[str, Figures]) -> str:
    lines = [
        [f"{figure['source']}, {split}", figure["fraud"]]
        + [f"{float(str(figure[name])):.3f}" for name in ("words", "network", "both")]
        for split in ("validation", "test")
        for figure in metrics[f"{split}_kinds"]
    ]
    return markdown_table(("source", "fraud", "words", "network", "both"), lines)


def _cautions(languages: Sequence[str], caution: Sequence[float]) -> str:
    return ", ".join(f"{name} {value:.1f}" for name, value in zip(languages, caution, strict=True))


def _table(figures: Figures) -> str:
    return markdown_table(_TITLES, [_line(figure) for figure in figures])


def left_out(figures: Figures) -> str:
    """Write the table of sources left out, with what no choice was made on told apart."""
    titles = (*_TITLES, "test rows: fraud", "recall", "ham", "blocked")
    lines = []
    for figure in figures:
        tested = {
            key.removeprefix(_TESTED): value
            for key, value in figure.items()
            if key.startswith(_TESTED)
        }
        shares = [_share(tested, "fraud", 1), tested.get("ham", ""), _share(tested, "ham", 3)]
        lines.append([*_line(figure), tested.get("fraud", ""), *shares])
    return _ABOUT_LEFT_OUT + markdown_table(titles, lines) + _left_out_reviewed(figures)


def _left_out_reviewed(figures: Figures) -> str:
    """Write what a person would judge of sources left out; empty for a card that does not say."""
    lines = [
        [
            f"{figure['source']} {label}",
            figure[label],
            *(_share(figure, label, places, what) for what in ("blocked", "reviewed", "capped")),
            *(
                _share(figure, f"{_TESTED}{label}", places, what)
                for what in ("blocked", "reviewed")
            ),
        ]
        for figure in figures
        for label, places in (("ham", 2), ("fraud", 1))
        if f"{label}_reviewed" in figure
    ]
    titles = (
        "source and label", "rows", "blocked", "blocked or put up", "not blocked for its language",
        "test rows: blocked", "blocked or put up",
    )  # fmt: skip
    return f"{_ABOUT_REVIEWED}{markdown_table(titles, lines)}" if lines else ""


def _facts(metrics: Mapping[str, Any]) -> str:
    """Write what links and senders add; empty for a card that does not say."""
    names = ("rows", "uncertain", "with_link", "words", "link", "history", "capped")
    lines = [
        [f"{figure['source']} {figure['label']}, {split}", *(figure[name] for name in names)]
        for split in ("validation", "test")
        for figure in metrics.get(f"{split}_facts", ())
        if any(figure[name] for name in ("with_link", "link", "history", "capped"))
    ]
    titles = (
        "source and label", "rows", "uncertain", "with a link", "blocked by words",
        "by a link besides", "by a made-up sender besides", "only put up for its language",
    )  # fmt: skip
    return _ABOUT_FACTS + markdown_table(titles, lines) if lines else ""


def _options(card: Mapping[str, Any]) -> str:
    options = card.get("options", {})
    return ", ".join(f"{name} {value:g}" for name, value in options.items()) or "none"


def _before(card: Mapping[str, Any], bundle: Path) -> str:
    """Write the recall of the version before beside this one's, where its bundle is there."""
    known = [one.parent.name for one in bundle.parent.glob(f"*/{CARD}")]
    versions = bundles.in_order({*known, card["version"]})
    older = versions[: versions.index(card["version"])]
    if not older:
        return ""
    file = bundle.parent / older[-1] / CARD
    before = tomllib.loads(file.read_text(encoding="utf-8"))
    lines = []
    for table, title in (("test", "test"), ("validation", "validation"), ("left_out", "left out")):
        old = {one["source"]: one for one in before["metrics"].get(table, ())}
        for figure in card["metrics"].get(table, ()):
            if "fraud" in figure:
                pair = [_share(one, "fraud", 1) for one in (old.get(figure["source"], {}), figure)]
                lines.append([f"{figure['source']}, {title}", *pair])
    return markdown_table(("recall", f"version {older[-1]}", f"version {card['version']}"), lines)


def _evasion_table(figures: Figures) -> str:
    titles = ("source", "fraud", "as it is", *EVASIONS)
    lines = []
    for figure in figures:
        recalls = [_recall(figure, name) for name in titles[2:]]
        lines.append([figure["source"], figure["fraud"], *recalls])
    return markdown_table(titles, lines)


def _recall(figure: Mapping[str, object], name: str) -> str:
    return f"{float(str(figure[name])) / float(str(figure['fraud'])):.1%}"


def _line(figure: Mapping[str, object]) -> list[object]:
    ham = "nonfraud" if "nonfraud" in figure else "ham"
    return [
        figure["source"],
        figure.get(ham, ""),
        _share(figure, ham, 3),
        _share(figure, ham, 2, "looked"),
        figure.get("fraud", ""),
        _share(figure, "fraud", 1),
        _share(figure, "fraud", 1, "alone"),
        _share(figure, "fraud", 1, "looked"),
        figure.get("spam", ""),
        _share(figure, "spam", 1),
    ]


def _share(figure: Mapping[str, object], label: str, places: int, what: str = "blocked") -> str:
    if label not in figure:
        return ""
    share = float(str(figure[f"{label}_{what}"])) / float(str(figure[label]))
    return f"{share:.{places}%} ({figure[f'{label}_{what}']})"


def _cascade(card: Mapping[str, Any]) -> str:
    if "second_look" not in card:
        return page_template.fill(_NO_CASCADE, {}).rstrip()
    values = {**card["metrics"], **card["metrics"]["speed"], **_looks(card)}
    return page_template.fill(_CASCADE, values).rstrip()


def _looks(card: Mapping[str, Any]) -> dict[str, object]:
    second = card["second_look"]
    return {
        "from_score": second["from_score"],
        "below": second.get("to_score", card["threshold"]),
        "slope": second["slope"],
        "offset": second["offset"],
        "own_threshold": second["threshold"],
        "encoder_version": second["encoder_version"],
    }
