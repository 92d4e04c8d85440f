"""The page about the caller model, and the card it is rendered from."""

import tomllib

from classifiers.training.caller.page import DEVELOPMENT, ROWS
from tests.support.checkout import CHECKOUT

MODELS = CHECKOUT / "classifiers" / "models" / "caller"
PAGE = CHECKOUT / "docs" / "models" / "caller.md"


def test_the_page_is_of_the_newest_card_and_shows_its_figures() -> None:
    newest = max(MODELS.iterdir(), key=lambda bundle: int(bundle.name))
    card = tomllib.loads((newest / "card.toml").read_text(encoding="utf-8"))

    page = PAGE.read_text(encoding="utf-8")

    assert f"Version {card['version']}, {card['date']}" in page
    for part, rows in (("test", ROWS), ("development", DEVELOPMENT)):
        for key, title in rows.items():
            figures = card["metrics"][part][key] if key else card["metrics"][part]
            assert f"| {title} | {figures['auc']:.3f} " in page
    for name in ("reliability", "roc", "scores", "learning"):
        assert (PAGE.parent / "plots" / f"caller-{name}.svg").stat().st_size < 60_000
