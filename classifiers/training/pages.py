"""Renders the pages about all models anew, from the cards of their newest bundles.

    python -m classifiers.training.pages [--models FOLDER] [--docs FOLDER]

A training writes the page of its own bundle; this is for all of them, as after a change of a
template or of a card. The same cards give the same pages. Plots are drawn where matplotlib is
there, and otherwise left as they are.
"""

import argparse
import sys
import tomllib
from collections.abc import Callable, Mapping
from importlib.util import find_spec
from pathlib import Path
from typing import Any, TypeAlias

from classifiers import bundles, card
from classifiers.training import card_plots
from classifiers.training.caller import page as caller_page
from classifiers.training.link import page as link_page
from classifiers.training.text import page as text_page
from classifiers.training.velocity import page as velocity_page

Render: TypeAlias = Callable[[Mapping[str, Any], Path, str], str]
"""Makes a page of a card, its bundle, and the Markdown that shows its plots."""

RENDER: Mapping[str, Render] = {
    "caller": lambda about, _, plots: caller_page.render(about, plots),
    "moment": lambda _about, bundle, _plots: velocity_page.page(bundle),
    "sms": text_page.render,
    "url": lambda about, _, plots: link_page.render(about, plots),
}


def write_all(models: Path, docs: Path, *, draws: bool) -> list[str]:
    """Write the page of each channel that has a bundle; return those that changed."""
    changed = []
    for channel in RENDER:
        if not bundles.versions(models, channel):
            continue
        page = docs / f"{channel}.md"
        before = page.read_bytes() if page.exists() else b""
        text = rendered(channel, bundles.newest(models, channel), page, draws=draws)
        page.parent.mkdir(parents=True, exist_ok=True)
        page.write_text(text, encoding="utf-8")
        if page.read_bytes() != before:
            changed.append(page.name)
    return changed


def rendered(channel: str, bundle: Path, page: Path, *, draws: bool) -> str:
    """Return the page about *bundle*; with *draws* its plots are drawn beside *page*."""
    about = tomllib.loads((bundle / card.CARD).read_text(encoding="utf-8"))
    plots = ""
    if "plots" in about:
        plots = card_plots.draw(about, page) if draws else card_plots.markdown(about)
    return RENDER[channel](about, bundle, plots)


def main() -> None:
    """Render all pages, and name those that changed."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("--models", type=Path, default=bundles.SHIPPED)
    parser.add_argument("--docs", type=Path, default=Path("docs/models"))
    arguments = parser.parse_args()
    draws = find_spec("matplotlib") is not None
    changed = write_all(arguments.models, arguments.docs, draws=draws)
    sys.stdout.write(f"{len(RENDER)} models, changed: {', '.join(changed) or 'none'}\n")
    if not draws:
        sys.stdout.write("plots were left as they are: matplotlib is not here\n")


if __name__ == "__main__":
    main()
