"""The page about the text model, rendered from its card."""

import tomllib
from collections.abc import Mapping, Sequence
from pathlib import Path
from typing import Any

from classifiers.training import card_plots, examples_card
from classifiers.training.common import markdown_table
from classifiers.training.sms_errors import ERRORS
from classifiers.training.sms_evasions import EVASIONS
from classifiers.training.sms_page_words import (
    HEAD,
    KINDS,
    LIMITS,
    NO_SECOND_LOOK,
    SECOND_LOOK,
    TRIED,
)
from classifiers.training.sms_report import Figures

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
    metrics = card["metrics"]
    megabytes = (bundle / "model.onnx").stat().st_size / 1e6
    numbers = {
        **card,
        **metrics,
        "megabytes": f"{megabytes:.2f}",
        "cautions": _cautions(card["languages"], card["caution"]),
        "curve": "{:.3g} o³ + {:.3g} o + {:.3g}".format(*card["calibration"]),
    }
    parts = [HEAD.format_map(numbers), _second_look(card)]
    for name, title in _TABLES.items():
        if metrics.get(name):
            parts.append(f"## {title}\n\n{_table(metrics[name])}\n")
    if metrics.get("evasions"):
        parts.append(f"## {_EVASIONS}\n\n{_evasion_table(metrics['evasions'])}\n")
    if "examples" in card:
        parts.append(examples_card.section(card["examples"]))
    parts.append(f"{KINDS}\n{_kind_table(metrics)}\n")
    parts.append(f"## Plots\n\nTest rows with a clear label.\n\n{card_plots.draw(card, page)}\n")
    page.write_text("\n".join([*parts, ERRORS, TRIED, LIMITS]), encoding="utf-8")


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


def _second_look(card: Mapping[str, Any]) -> str:
    if "second_look" not in card:
        return NO_SECOND_LOOK
    return SECOND_LOOK.format_map({**card["metrics"], **card["metrics"]["speed"], **_looks(card)})


def _looks(card: Mapping[str, Any]) -> dict[str, object]:
    second = card["second_look"]
    return {
        "from_score": second["from_score"],
        "below": card["threshold"],
        "slope": second["slope"],
        "offset": second["offset"],
        "own_threshold": second["threshold"],
        "encoder_version": second["encoder_version"],
    }


_EVASIONS = "Recall on test rows rewritten by evasions that training never uses"
_TABLES = {
    "test": "Test rows, looked at once",
    "left_out": "Sources left out of training, each with a training and threshold of its own",
    "validation": "Validation rows (threshold, epochs and settings were chosen on these)",
}
