"""What a model leaves to a person, in a running service: answered, queued, counted, judged."""

import json
import re
import time
from collections.abc import Iterator
from typing import Any

import pytest

from tests.support.model_bundles import add_to_card, some_bundles
from tests.support.processes import LEAN, Running, eventually, fanzha_up

PER_MINUTE = 3


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    root = some_bundles(folder / "models")
    # Nearly every link then scores between the two thresholds.
    add_to_card(root / "url" / "1", "review_threshold = 0.00001")
    settings = {
        **LEAN,
        "FANZHA_MODELS_DIR": str(root),
        "FANZHA_LINK_REVIEWS_PER_MINUTE": str(PER_MINUTE),
    }
    with fanzha_up(folder, workers=2, **settings) as running:
        yield running


def ask(service: Running, number: int) -> Any:
    url = f"http://host{number}.example/account/login"
    return json.loads(service.fanzha("check", "url", url, "--live", "--json").stdout)


def pending(service: Running) -> list[Any]:
    done = service.fanzha("hits", "pending", "--reason", "review", "--json")
    found: list[Any] = json.loads(done.stdout)["hits"]
    return found


def reviews(service: Running, outcome: str) -> int:
    """Return the sum of a count over the workers."""
    family = (
        rf'fanzha_reviews_total{{[^}}]*channel="link"[^}}]*outcome="{outcome}"[^}}]*}} ([0-9.e+]+)'
    )
    return sum(int(float(found)) for found in re.findall(family, service.metrics_page()))


def test_what_comes_close_waits_for_a_person_and_both_workers_put_up_no_more_than_they_may(
    service: Running,
) -> None:
    answer = ask(service, 1)
    eventually(lambda: len(pending(service)) == 1)
    (hit,) = pending(service)

    service.fanzha("hits", "dismiss", hit["decision_id"], "--note", "a page of our own")

    assert (hit["action"], hit["reason"]) == ("allow", "review")
    assert "review" in json.dumps(answer)
    assert pending(service) == []
    page = service.metrics_page()
    assert 'fanzha_reviews_total{channel="link",outcome="put_up"}' in page

    before, start = reviews(service, "put_up"), time.time()

    for number in range(2, 2 + 3 * PER_MINUTE):
        ask(service, number)

    minutes = int(time.time() // 60) - int(start // 60) + 1
    put_up = reviews(service, "put_up") - before
    assert 0 < put_up <= minutes * PER_MINUTE
    assert reviews(service, "left_out") >= 3 * PER_MINUTE - minutes * PER_MINUTE
