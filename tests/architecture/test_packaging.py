"""The wheel installs short import names; nobody else may use them."""

from importlib.metadata import packages_distributions

import pytest


@pytest.mark.parametrize("name", ["fanzha", "infra", "blocklists", "classifiers", "services"])
def test_import_name_is_ours_alone(name: str) -> None:
    assert set(packages_distributions().get(name, [])) <= {"fanzha"}
