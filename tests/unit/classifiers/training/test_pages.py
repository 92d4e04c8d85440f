"""One command renders the pages of all models, as their cards say."""

import shutil
import subprocess
import sys
from importlib.util import find_spec
from pathlib import Path

import pytest

from classifiers import bundles
from classifiers.training import pages
from tests.support.checkout import CHECKOUT

DOCS = CHECKOUT / "docs" / "models"


def test_the_pages_of_the_shipped_models_are_what_the_command_writes(tmp_path: Path) -> None:
    changed = pages.write_all(bundles.SHIPPED, tmp_path, draws=False)

    assert sorted(changed) == sorted(f"{channel}.md" for channel in pages.RENDER)
    for name in changed:
        assert (tmp_path / name).read_bytes() == (DOCS / name).read_bytes()
    assert pages.write_all(bundles.SHIPPED, tmp_path, draws=False) == []


def test_the_page_follows_the_newest_bundle_and_others_stay_out(tmp_path: Path) -> None:
    shipped = bundles.newest(bundles.SHIPPED, "moment")
    bundle = shutil.copytree(shipped, tmp_path / "models" / "moment" / "99")
    card = (bundle / "card.toml").read_text(encoding="utf-8")
    (bundle / "card.toml").write_text(card.replace(f'version = "{shipped.name}"', 'version = "99"'))

    changed = pages.write_all(tmp_path / "models", tmp_path / "docs", draws=False)

    assert changed == ["moment.md"]
    assert "99" in (tmp_path / "docs" / "moment.md").read_text(encoding="utf-8").splitlines()[0]


@pytest.mark.skipif(find_spec("matplotlib") is None, reason="the extra plots is not installed")
def test_the_command_draws_plots_beside_the_pages(tmp_path: Path) -> None:
    done = subprocess.run(
        [sys.executable, "-m", "classifiers.training.pages", "--docs", str(tmp_path)],
        cwd=CHECKOUT,
        capture_output=True,
        text=True,
        check=True,
    )

    assert done.stdout.startswith("4 models, changed: caller.md")
    assert (tmp_path / "plots" / "sms-roc.svg").exists()
