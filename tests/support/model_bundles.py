"""Makes bundles of models for tests, from the shipped ones."""

import re
from pathlib import Path
from shutil import copytree

from classifiers import bundles
from classifiers.card import CARD, GRAPH


def a_bundle(root: Path, channel: str, version: str, *, threshold: float | None = None) -> Path:
    """Put a good bundle of *channel* below *root*: the shipped one under another version.

    Its card has no histograms and no review threshold, so that a test can set the expected ones.
    """
    bundle = root / channel / version
    copytree(bundles.newest(bundles.SHIPPED, channel), bundle)
    _drop_histograms(bundle)
    edit_card(bundle, "version", f'"{version}"')
    if threshold is not None:
        edit_card(bundle, "threshold", str(threshold))
        if channel == "url":
            _edit_second_threshold(bundle, threshold)
    return bundle


def some_bundles(root: Path, version: str = "1") -> Path:
    """Put one bundle for each channel below *root*."""
    for channel in ("caller", "sms", "url"):
        a_bundle(root, channel, version)
    return root


def edit_card(bundle: Path, name: str, value: str) -> None:
    """Replace the first line of the card that sets *name*."""
    path = bundle / CARD
    written, count = re.subn(
        rf"^(\s*){name} = .*$",
        rf"\g<1>{name} = {value}",
        path.read_text("utf-8"),
        count=1,
        flags=re.MULTILINE,
    )
    assert count == 1
    path.write_text(written, "utf-8")


def add_to_card(bundle: Path, line: str) -> None:
    """Put a line before all others of the card."""
    path = bundle / CARD
    path.write_text(f"{line}\n{path.read_text('utf-8')}", "utf-8")


def cut_graph(bundle: Path) -> None:
    """Damage the graph of a bundle: its last bytes are missing."""
    graph = (bundle / GRAPH).read_bytes()
    (bundle / GRAPH).write_bytes(graph[:-100])


def _edit_second_threshold(bundle: Path, threshold: float) -> None:
    # Scores of a second stage are stretched so that both thresholds meet: equal ones stretch none,
    # and golden scores stay as they are.
    path = bundle / CARD
    table = r"(^\[second_look\]\n(?:[^\[\n][^\n]*\n)*?threshold = )[^\n]*"
    text = re.sub(table, rf"\g<1>{threshold}", path.read_text("utf-8"), flags=re.MULTILINE)
    path.write_text(text, "utf-8")


def _drop_histograms(bundle: Path) -> None:
    path = bundle / CARD
    text = re.sub(
        r"^(score_histogram|review_threshold|calibration_prevalence) = .*\n",
        "",
        path.read_text("utf-8"),
        flags=re.MULTILINE,
    )
    table = r"^\[feature_histograms[^\n]*\n(?:[^\[\n][^\n]*\n)*"
    path.write_text(re.sub(table, "", text, flags=re.MULTILINE), "utf-8")
