"""An operator's file of facts on domains, in a running service: used, changed, refused, counted."""

import json
import re
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from tests.support.model_bundles import some_bundles
from tests.support.processes import LEAN, Running, eventually, fanzha_up

HEADING = "domain,first_seen_on,popularity_rank\n"


@pytest.fixture(scope="module")
def file(tmp_path_factory: pytest.TempPathFactory) -> Path:
    path = tmp_path_factory.mktemp("facts") / "domains.csv"
    path.write_text(HEADING + "known.example,,900\n")
    return path


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory, file: Path) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    settings = {
        **LEAN,
        "FANZHA_MODELS_DIR": str(some_bundles(folder / "models")),
        # So that it is told what was weighed, whatever a link scores.
        "FANZHA_LINK_THRESHOLD": "0.000001",
        "FANZHA_HOST_FACTS_FILE": str(file),
    }
    with fanzha_up(folder, workers=1, **settings) as running:
        yield running


def facts_of(service: Running, host: str, *options: str) -> dict[str, float]:
    url = f"http://{host}/account"
    done = service.fanzha("check", "url", url, "--live", "--json", *options)
    answer: dict[str, Any] = json.loads(done.stdout)
    return {
        name: value
        for name, value in answer.get("host_facts", {}).items()
        if name not in ("model_score", "odds_ratio")
    }


def figure(service: Running, family: str, label: str = "") -> float:
    """Return the sum of a family over the workers."""
    series = rf"^{family}(?:{{[^}}]*{label}[^}}]*}})? ([0-9.e+]+)$"
    return sum(map(float, re.findall(series, service.metrics_page(), re.MULTILINE)))


def replace(file: Path, content: str) -> None:
    beside = file.with_suffix(".new")
    beside.write_text(content)
    beside.replace(file)


def test_facts_hold_at_once_follow_the_file_and_survive_a_wrong_one(
    service: Running, file: Path
) -> None:
    assert facts_of(service, "www.known.example") == {"popularity_rank": 900}
    assert facts_of(service, "other.example") == {}
    sent = facts_of(service, "known.example", "--popularity-rank", "7")
    assert sent == {"popularity_rank": 7}

    replace(file, HEADING + "known.example,,50\nother.example,2020-01-01,\n")
    eventually(lambda: facts_of(service, "known.example") == {"popularity_rank": 50})
    (days,) = facts_of(service, "other.example").values()
    assert days > 2000

    replace(file, HEADING + "known.example,,fifty\n")
    eventually(lambda: figure(service, "fanzha_host_facts_refused_total") == 1)
    assert facts_of(service, "known.example") == {"popularity_rank": 50}
    assert "line 2: popularity_rank 'fifty'" in (service.folder / "up.log").read_text()
    assert figure(service, "fanzha_host_facts_domains") == 2
    assert figure(service, "fanzha_host_facts_total", 'source="file"') >= 4
    assert figure(service, "fanzha_host_facts_total", 'source="gateway"') == 1
