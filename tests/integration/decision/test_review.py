"""What a model leaves to a person, in a running service: answered, queued, counted, judged."""

import json
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
    with fanzha_up(folder, workers=1, **settings) as running:
        yield running


def ask(service: Running, number: int) -> Any:
    url = f"http://host{number}.example/account/login"
    return json.loads(service.fanzha("check", "url", url, "--live", "--json").stdout)


def pending(service: Running) -> list[Any]:
    done = service.fanzha("hits", "pending", "--reason", "review", "--json")
    found: list[Any] = json.loads(done.stdout)["hits"]
    return found


def test_a_link_that_comes_close_is_let_through_and_waits_until_it_is_judged(
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
