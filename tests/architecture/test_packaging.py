"""The wheel installs short import names; nobody else may use them."""

import tomllib
from importlib.metadata import packages_distributions
from pathlib import Path

import pytest

ROOT = Path(__file__).parents[2]


@pytest.mark.parametrize(
    "name", ["fanzha", "infra", "blocklists", "classifiers", "services", "integrations"]
)
def test_import_name_is_ours_alone(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"fanzha"}


def test_every_package_of_the_wheel_is_there() -> None:
    wheel = tomllib.loads((ROOT / "pyproject.toml").read_text())["tool"]["hatch"]["build"]
    packages = wheel["targets"]["wheel"]["packages"]

    assert [package for package in packages if not (ROOT / package).is_dir()] == []
