"""Which bundle is loaded."""

from pathlib import Path
from shutil import copytree

import pytest

from classifiers import bundles
from classifiers.card import CARD


def a_root(folder: Path, *versions: str) -> Path:
    for version in versions:
        (folder / "url" / version).mkdir(parents=True)
        (folder / "url" / version / CARD).touch()
    return folder


@pytest.mark.parametrize(
    ("versions", "expected"),
    [
        (["1"], "1"),
        (["9", "10", "2"], "10"),
        (["2026.9.30", "2026.11.2"], "2026.11.2"),
        (["1.2", "1.2.1"], "1.2.1"),
    ],
)
def test_the_newest_bundle_has_the_highest_version(
    tmp_path: Path, versions: list[str], expected: str
) -> None:
    assert bundles.newest(a_root(tmp_path, *versions), "url").name == expected


def test_a_folder_without_a_card_is_no_bundle(tmp_path: Path) -> None:
    a_root(tmp_path, "1")
    (tmp_path / "url" / "2").mkdir()

    assert bundles.newest(tmp_path, "url").name == "1"


def test_a_channel_without_a_bundle_is_named(tmp_path: Path) -> None:
    with pytest.raises(ValueError, match="caller holds no model bundle"):
        bundles.newest(a_root(tmp_path, "1"), "caller")


def test_a_bundle_under_a_name_not_its_own_is_refused(tmp_path: Path) -> None:
    copytree(bundles.newest(bundles.SHIPPED, "url"), tmp_path / "url" / "999")

    with pytest.raises(ValueError, match="by its card"):
        bundles.load_link(tmp_path)


def test_every_channel_has_a_shipped_bundle() -> None:
    loaded = bundles.load_all()

    assert all(model.version for model in (loaded.text, loaded.link, loaded.caller))
