"""The map and the recipes of CONTRIBUTING.md name what is there; the map misses no subject."""

import re
from pathlib import Path

ROOT = Path(__file__).parents[2]
PAGE = (ROOT / "CONTRIBUTING.md").read_text()
MAP = PAGE[PAGE.index("## Where things live") : PAGE.index("## Recipes")]
RECIPES = PAGE[PAGE.index("## Recipes") : PAGE.index("## How a change is made")]
MOST_FILES = 5


def test_the_map_names_folders_that_are_there() -> None:
    rows = re.findall(r"^\| (`.*?) \|", MAP, re.MULTILINE)
    folders = [folder for row in rows for folder in re.findall(r"`([a-z_/]+)/`", row)]

    assert [folder for folder in folders if not (ROOT / folder).is_dir()] == []


def test_every_subject_is_on_the_map() -> None:
    subjects = {
        f"services/{folder.parent.name}" for folder in (ROOT / "services").glob("*/__init__.py")
    }

    assert {subject for subject in subjects if f"`{subject}/`" not in MAP} == set()


def test_recipes_name_files_that_are_there() -> None:
    named = set(
        re.findall(r"`((?:proto|fanzha|blocklists|services|docs|classifiers)/[^`<*]+)`", PAGE)
    )

    assert {path for path in named if not (ROOT / path).exists()} == set()


def test_a_recipe_names_five_files_at_most() -> None:
    recipes = re.split(r"\n\n(?=\*\*)", RECIPES)[1:]

    counts = {recipe.split("**")[1]: recipe.count(" · ") + 1 for recipe in recipes}
    assert len(counts) >= 10
    assert max(counts.values()) <= MOST_FILES
