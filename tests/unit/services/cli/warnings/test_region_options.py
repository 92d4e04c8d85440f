"""A region that is misspelt is told from one without cases."""

import pytest

from services.cli.warnings import region_options


@pytest.mark.parametrize(
    "asked", ["", "34", "3405", "340500", "340503", "安徽", "马鞍山市", "安徽省马鞍山市", "北京"]
)
def test_a_known_region_causes_no_warning(asked: str) -> None:
    assert region_options.doubt(asked) == ""


@pytest.mark.parametrize("asked", ["火星", "马鞍山x", "nowhere", "99", "349900"])
def test_an_unknown_region_causes_a_warning(asked: str) -> None:
    assert region_options.doubt(asked).startswith(f"no province or city is {asked!r}")
