"""Links are sorted by what their hosts and paths are made of; of invented ones."""

import numpy as np
import pytest

from classifiers.training.error_kinds import link_rules
from classifiers.training.error_kinds.counts import FRAUD, LEGITIMATE

LINKS = {
    "http://203.0.113.7/a": "an IP address for a host",
    "http://files.example/get/setup.apk": "a file to download or to run",
    "http://bit.ly/3xyz": "a service that shortens links",
    "http://invented.github.io/": "a page on a free host or a platform of pages",
    "http://paypal-help.example/": "a brand in the registered label that does not own it",
    "http://paypal.invented.example/": "a brand below or in the path of another's domain",
    "http://office.invented.gov.cn/": "a public office, a school or a university",
    "http://garden.example/wp-content/a": (
        "a folder of a site builder, as of a site that was broken into"
    ),
    "http://garden.example/signin": "words of signing in, in host or path",
    "http://garden.example/casino": "words of betting and games",
    "http://xkqwrtz.example/": "a registered label of five consonants in a row or more",
    "http://a1b2c3d4.example/": "a registered label that is a third digits or more",
    "http://garden.top/": "a cheap suffix and nothing of the above, a bare host",
    "http://garden.example/": "a plain host without a path",
    "http://garden.example/a.php": "a script with or without a query",
    "http://garden.example/rose": "a plain host with a short path",
}


@pytest.mark.parametrize("url", LINKS)
def test_a_link_is_sorted_by_its_parts(url: str) -> None:
    rules = link_rules.rules([url])[FRAUD]

    assert next(kind for kind, holds in rules.items() if holds[0]) == LINKS[url]


def test_every_link_is_of_a_kind() -> None:
    rules = link_rules.rules(["http://garden.example/", "http://a.b.c.d.example/x/y/z/w/v"])

    assert np.logical_or.reduce(list(rules[LEGITIMATE].values())).all()
    assert len(link_rules.KINDS) >= 20
