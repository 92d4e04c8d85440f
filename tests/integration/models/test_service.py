"""Models are swapped, watched and rolled back in a running service, by command."""

import json
import threading
from collections import Counter
from collections.abc import Iterator
from contextlib import contextmanager
from pathlib import Path
from shutil import rmtree
from typing import Any

import pytest

from fanzha.client import channels
from fanzha.v1 import interception_pb2 as pb
from fanzha.v1 import interception_pb2_grpc as pb_grpc
from infra.clock import now_ms
from services.decision.model_kinds import ModelKind
from tests.support.model_bundles import a_bundle, cut_graph, some_bundles
from tests.support.processes import LEAN, Running, eventually, fanzha_up, run

WORKERS = 2
WAIT = ("--wait", "60")
"""What a swap may take where other tests have the cores; ten seconds unless told otherwise."""
SWAPS = ("activate", "rollback", "shadow")
PAUSE_SECONDS = 0.005
"""Between requests: traffic is to go on all the time, not to use a core."""


@pytest.fixture(scope="module")
def service(tmp_path_factory: pytest.TempPathFactory) -> Iterator[Running]:
    folder = tmp_path_factory.mktemp("service")
    (folder / "models").mkdir()
    some_bundles(folder / "models")
    a_bundle(folder / "models", "moment", "1")
    with fanzha_up(
        folder, workers=WORKERS, FANZHA_MODELS_DIR=str(folder / "models"), **LEAN
    ) as running:
        reported(running, WORKERS)
        yield running


def reported(service: Running, workers: int) -> None:
    """Wait until all workers say which models they run: a swap waits for no others."""
    eventually(lambda: len(listed(service)["link"]["workers"]) == workers)


def models(service: Running, *arguments: str, check: bool = True) -> Any:
    wait = WAIT if arguments[0] in SWAPS else ()
    done = service.fanzha("models", *arguments, *wait, "--json", check=check)
    return json.loads(done.stdout)


def listed(service: Running) -> Any:
    return models(service, "list")


def active(service: Running, channel: str) -> set[str]:
    return {status["active"] for status in listed(service)[channel]["workers"].values()}


def ask(service: Running, count: int) -> "Counter[str]":
    """Ask about links one by one, on new connections; count the models that answered."""
    found: Counter[str] = Counter()
    for number in range(count):
        with channels.blocking(service.interception) as channel:
            link = pb.Link(url=f"http://host{number}.example/a")
            answer = pb_grpc.InterceptionServiceStub(channel).DecideLink(
                pb.DecideLinkRequest(link=link), timeout=60
            )
        found[answer.decision.model_version] += 1
    return found


@contextmanager
def traffic(service: Running) -> Iterator["Counter[str]"]:
    """Keep asking in a thread; a request that fails counts as ``failed``."""
    found: Counter[str] = Counter()
    stop = threading.Event()

    def work() -> None:
        with channels.blocking(service.interception) as channel:
            stub = pb_grpc.InterceptionServiceStub(channel)
            while not stop.wait(PAUSE_SECONDS):
                links = [pb.Link(url=f"http://host{row}.example/a") for row in range(20)]
                answer = stub.DecideLinks(pb.DecideLinksRequest(links=links), timeout=60)
                found[answer.decisions.model_version] += 1

    def count_failures() -> None:
        try:
            work()
        except Exception as error:
            found[f"failed: {error}"] += 1

    thread = threading.Thread(target=count_failures)
    thread.start()
    try:
        yield found
    finally:
        stop.set()
        thread.join()


def test_a_new_model_is_swapped_in_and_rolled_back_under_traffic(service: Running) -> None:
    a_bundle(service.folder / "models", "url", "2")

    with traffic(service) as found:
        forward = models(service, "activate", "--yes", "link", "2", "--by", "li")
        second = ask(service, 8)
        back = models(service, "rollback", "--yes", "link", "--by", "li")
        first = ask(service, 8)

    assert set(forward["workers"].values()) == {"done"}
    assert len(forward["workers"]) == WORKERS
    assert (forward["desired"]["previous"], back["desired"]["active"]) == ("1", "1")
    assert (second, first) == (Counter({"2": 8}), Counter({"1": 8}))
    assert set(found) <= {"1", "2"}
    assert found["1"] > 0
    assert listed(service)["link"]["desired"]["by"] == "li"


def test_a_bad_model_is_refused_by_every_worker_and_the_old_one_answers(service: Running) -> None:
    cut_graph(a_bundle(service.folder / "models", "sms", "2"))

    done = service.fanzha("models", "activate", "--yes", "text", "2", *WAIT, check=False)

    assert done.returncode == 1
    assert done.stdout.count("refuses 2: ") == WORKERS
    assert "sha256" in done.stdout
    assert active(service, "text") == {"1"}
    log = (service.folder / "up.log").read_text()
    assert "sms model 2 is refused" in log
    assert set(models(service, "rollback", "--yes", "text")["workers"].values()) == {"done"}


def test_drift_is_told_where_it_is_known(service: Running) -> None:
    # Bundles of tests have no histograms; what another test let run is reported a while longer.
    eventually(lambda: models(service, "drift") == {})
    assert "no drift is known" in service.fanzha("models", "drift").stdout


def test_a_bundle_that_no_worker_has_is_refused_and_changes_nothing(service: Running) -> None:
    before = listed(service)["call"]["desired"]

    done = service.fanzha("models", "activate", "--yes", "call", "99", check=False)

    assert done.returncode == 1
    assert "there is no call model 99; there are: 1" in " ".join(done.stderr.split())
    assert listed(service)["call"]["desired"] == before


def test_a_shadow_ends_while_the_active_bundle_is_refused(service: Running) -> None:
    root = service.folder / "models"
    cut_graph(a_bundle(root, "sms", "5"))
    a_bundle(root, "sms", "6")
    refused = models(service, "activate", "--yes", "text", "5", check=False)

    shadowed = models(service, "shadow", "text", "6")
    back = models(service, "rollback", "--yes", "text")
    models(service, "shadow", "text", "off")

    assert all(words.startswith("refuses 5: ") for words in refused["workers"].values())
    assert set(shadowed["workers"].values()) == {"done"}
    assert (back["desired"]["active"], back["desired"]["shadow"]) == ("1", "6")
    assert active(service, "text") == {"1"}


def counted(service: Running) -> "Counter[str]":
    """Return what the shadow of links would have decided, of all workers."""
    found: Counter[str] = Counter()
    for status in listed(service)["link"]["workers"].values():
        found.update(status["shadow_decisions"])
    return found


def scored(service: Running) -> int:
    return counted(service).total()


def test_a_shadow_runs_in_every_worker_and_is_counted(service: Running) -> None:
    a_bundle(service.folder / "models", "url", "3", threshold=1e-6)

    models(service, "shadow", "link", "3")
    with traffic(service) as found:
        answered = ask(service, 8)
    # Workers report what is no news every few seconds.
    eventually(lambda: scored(service) >= 8)
    compared = counted(service)
    models(service, "shadow", "link", "off")

    assert set(compared) == {"same", "would_block", "would_allow"}
    assert compared["would_block"] > compared["would_allow"] == 0
    assert counted(service) == {}
    assert set(answered) == {"1"} | set(found)
    page = service.metrics_page()
    assert 'fanzha_shadow_decisions_total{change="would_block",channel="link"} 0.0' not in page
    assert 'fanzha_stage_seconds_count{channel="link",stage="shadow"} 0.0' not in page
    assert 'fanzha_shadow_failures_total{channel="link"} 0.0' in page


def call_strangers(service: Running, callers: range) -> set[str]:
    """Let each caller make four calls on a new connection; return the velocity versions seen."""
    called = set()
    for caller in callers:
        calls = [
            pb.Call(
                caller=f"+86170000{caller:05}",
                callee=f"+86198{number * 7919:08}",
                attempted_at_ms=now_ms(),
                ingress=pb.INGRESS_INTERCONNECT,
            )
            for number in range(4)
        ]
        with channels.blocking(service.interception) as channel:
            stub = pb_grpc.InterceptionServiceStub(channel)
            answer = stub.DecideCalls(pb.DecideCallsRequest(calls=calls), timeout=60)
        called.add(answer.decisions.velocity_version)
    return called


def test_a_velocity_model_is_activated_refused_and_rolled_back(service: Running) -> None:
    root = service.folder / "models"
    a_bundle(root, "moment", "2")
    cut_graph(a_bundle(root, "moment", "3"))

    forward = models(service, "activate", "--yes", "velocity", "2", "--by", "li")
    second = call_strangers(service, range(8))
    bad = service.fanzha("models", "activate", "--yes", "velocity", "3", *WAIT, check=False)
    still = call_strangers(service, range(8, 16))
    models(service, "rollback", "--yes", "velocity")
    back = models(service, "activate", "--yes", "velocity", "1")
    first = call_strangers(service, range(16, 24))

    assert set(forward["workers"].values()) == {"done"}
    assert (second, still, first) == ({"2"}, {"2"}, {"1"})
    assert bad.stdout.count("refuses 3: ") == WORKERS
    assert set(back["workers"].values()) == {"done"}
    swaps = 'fanzha_model_swaps_total{channel="velocity"} 0.0'
    assert swaps not in service.metrics_page()


def test_a_shadow_of_the_velocity_model_is_counted(service: Running) -> None:
    a_bundle(service.folder / "models", "moment", "4", threshold=1e-6)

    models(service, "shadow", "velocity", "4")
    called = call_strangers(service, range(24, 32))
    page = service.metrics_page()
    models(service, "shadow", "velocity", "off")

    assert called == {"1"}
    assert 'fanzha_shadow_marks_total{change="would_mark"} 0.0' not in page
    assert 'fanzha_shadow_marks_total{change="would_mark"}' in page
    assert 'fanzha_shadow_failures_total{channel="velocity"} 0.0' in page


def test_drift_from_the_card_is_measured_where_the_card_has_a_histogram(service: Running) -> None:
    card = a_bundle(service.folder / "models", "url", "4") / "card.toml"
    scores = f"score_histogram = {[0] * 19 + [1]}\n"
    lengths = "\n[feature_histograms.host_characters]\nedges = [50]\nrows = [0, 9, 0]\n"
    card.write_text(scores + card.read_text("utf-8") + lengths, "utf-8")
    lengths_drift = 'fanzha_feature_drift{channel="link",feature="host_characters"'

    models(service, "activate", "--yes", "link", "4")
    with traffic(service):
        eventually(lambda: 'fanzha_score_drift{channel="link"' in service.metrics_page())
        eventually(lambda: lengths_drift in service.metrics_page())
    models(service, "rollback", "--yes", "link")

    eventually(lambda: "fanzha_score_drift{" not in service.metrics_page())
    eventually(lambda: "fanzha_feature_drift{" not in service.metrics_page())


def test_the_active_version_cannot_be_its_own_shadow(service: Running) -> None:
    done = service.fanzha("models", "shadow", "call", "1", check=False)

    assert done.returncode == 2
    assert "decides already" in done.stderr


def test_a_rollback_without_an_earlier_change_is_refused(service: Running) -> None:
    done = service.fanzha("models", "rollback", "--yes", "call", check=False)

    assert done.returncode == 1
    assert "no other call model ran before" in done.stderr


def test_the_list_command_shows_bundles_with_figures_of_their_cards(service: Running) -> None:
    done = service.fanzha("models", "list")

    found = listed(service)
    assert {bundle["version"] for bundle in found["call"]["bundles"]} == {"1"}
    assert all(found[word]["bundles"][0]["figures"] for word in ModelKind)
    assert "bundle 1: of " in done.stdout
    assert done.stdout.count("runs 1, blocks from") == 3 * WORKERS
    assert done.stdout.count("runs 1, suspects from") == WORKERS


def test_without_a_velocity_stage_no_velocity_model_is_activated(tmp_path: Path) -> None:
    root = some_bundles(tmp_path / "models")
    a_bundle(root, "moment", "1")
    with fanzha_up(
        tmp_path,
        workers=1,
        FANZHA_MODELS_DIR=str(root),
        FANZHA_VELOCITY_ACTION="off",
        **LEAN,
    ) as service:
        reported(service, 1)
        done = service.fanzha("models", "activate", "--yes", "velocity", "1", check=False)

    assert done.returncode == 1
    assert "no worker holds a velocity model" in done.stderr


def test_without_a_service_the_bundles_of_the_package_are_listed() -> None:
    done = run("models", "list", "--offline", "--json")

    found = json.loads(done.stdout)
    assert done.returncode == 0
    assert all(found[word]["bundles"][-1]["threshold"] > 0 for word in ModelKind)


def test_a_host_runs_the_last_desired_model_after_the_store_lost_it(
    tmp_path: Path,
) -> None:
    root = some_bundles(tmp_path / "models")
    a_bundle(root, "url", "2")
    with fanzha_up(tmp_path, workers=1, FANZHA_MODELS_DIR=str(root), **LEAN) as service:
        reported(service, 1)
        models(service, "activate", "--yes", "link", "1")
    rmtree(tmp_path / "valkey")
    with fanzha_up(tmp_path, workers=1, FANZHA_MODELS_DIR=str(root), **LEAN) as again:
        assert ask(again, 1) == Counter({"1": 1})


def test_a_swap_is_asked_for_after_showing_what_runs(service: Running) -> None:
    done = service.fanzha("models", "activate", "link", "1", check=False)
    unknown = service.fanzha("models", "activate", "link", "99", check=False)

    assert done.returncode == 2
    assert "Let link model 1 decide? Nothing changed" in done.stderr
    assert "runs" in done.stderr
    # What cannot be is refused at once.
    assert unknown.returncode == 1
    assert "there is no link model 99" in unknown.stderr
