"""Which model decides after a wish, and which bundles are refused."""

from collections.abc import Callable
from pathlib import Path

import pytest

from classifiers.caller.activity import ActivityTable
from classifiers.card import CARD
from fanzha.tables import Channel
from services.decision.model_kinds import ModelKind
from services.models.active import ActiveModels
from services.models.desired_models import DesiredModel
from tests.support.builders import some_calls
from tests.support.model_bundles import a_bundle, cut_graph, edit_card, some_bundles

LINK, VELOCITY = ModelKind.LINK, ModelKind.VELOCITY


@pytest.fixture
def root(tmp_path: Path) -> Path:
    return some_bundles(tmp_path)


def a_switch(root: Path, wanted: DesiredModel | None = None, **set_: float) -> ActiveModels:
    thresholds = {LINK: set_.get("link_threshold")}
    return ActiveModels(root, thresholds, {LINK: wanted} if wanted else {})


def want(switch: ActiveModels, wanted: DesiredModel) -> list[ModelKind]:
    switch.prepare({LINK: wanted})
    return switch.take({LINK: wanted})


def test_the_newest_bundles_decide_until_others_are_desired(root: Path) -> None:
    a_bundle(root, "url", "2")

    switch = a_switch(root)

    assert switch.current.link.version == "2"
    assert switch.take({}) == []
    assert switch.current.link.version == "2"


def test_a_later_bundle_is_loaded_when_it_is_desired(root: Path) -> None:
    switch = a_switch(root)
    a_bundle(root, "url", "2", threshold=0.5)
    before = switch.current

    switch.prepare({LINK: DesiredModel(active="2")})
    prepared = switch.current
    swapped = switch.take({LINK: DesiredModel(active="2")})

    assert prepared is before
    assert before.link.version == "1"
    assert swapped == [LINK]
    assert switch.current.link.version == "2"
    assert switch.current.thresholds[Channel.LINK] == 0.5
    assert switch.current.text is before.text


def test_a_rollback_returns_to_the_model_that_was_kept_loaded(root: Path) -> None:
    a_bundle(root, "url", "2")
    switch = a_switch(root, DesiredModel(active="1"))
    first = switch.current.link
    want(switch, DesiredModel(active="2", previous="1"))
    cut_graph(root / "url" / "1")

    swapped = want(switch, DesiredModel(active="1", previous="2"))

    assert swapped == [LINK]
    assert switch.current.link is first
    assert switch.status()[LINK].previous == "2"


def wrong_golden_row(bundle: Path) -> None:
    text = (bundle / CARD).read_text("utf-8")
    start = text.index("[[golden]]") if "[[golden]]" in text else text.index("golden = [")
    head, tail = text[:start], text[start:]
    (bundle / CARD).write_text(head + tail.replace("score = 0.", "score = 0.5", 1), "utf-8")


def graph_of_another_channel(bundle: Path) -> None:
    other = bundle.parents[1] / "caller" / "1"
    (bundle / "model.onnx").write_bytes((other / "model.onnx").read_bytes())
    [line] = [
        line
        for line in (other / CARD).read_text("utf-8").splitlines()
        if line.startswith("sha256 = ")
    ]
    edit_card(bundle, "sha256", line.removeprefix("sha256 = "))


def no_card(bundle: Path) -> None:
    (bundle / CARD).unlink()


@pytest.mark.parametrize(
    ("damage", "why"),
    [
        (cut_graph, "sha256 is"),
        (wrong_golden_row, "golden row 0 scores"),
        (graph_of_another_channel, "."),
        (no_card, "No such file"),
        (lambda bundle: edit_card(bundle, "version", '"7"'), "holds model url 7"),
    ],
)
def test_a_bad_bundle_is_refused_and_the_old_one_goes_on(
    root: Path, damage: Callable[[Path], None], why: str
) -> None:
    damage(a_bundle(root, "url", "2"))
    switch = a_switch(root, DesiredModel(active="1"))
    before = switch.current.link

    refused = switch.prepare({LINK: DesiredModel(active="2", previous="1")})
    swapped = switch.take({LINK: DesiredModel(active="2", previous="1")})

    assert refused == [LINK]
    assert swapped == []
    assert switch.current.link is before
    assert why in switch.status()[LINK].refused["2"]


@pytest.mark.parametrize("version", ["../1", "/etc", "", "..", "1/../1"])
def test_a_version_cannot_lead_out_of_the_folder(root: Path, version: str) -> None:
    switch = a_switch(root)

    want(switch, DesiredModel(active=version))

    assert switch.current.link.version == "1"
    assert all("cannot be the name" in why for why in switch.status()[LINK].refused.values())


def test_a_refused_bundle_is_tried_again_only_when_its_files_have_changed(root: Path) -> None:
    bundle = a_bundle(root, "url", "2")
    graph = (bundle / "model.onnx").read_bytes()
    cut_graph(bundle)
    switch = a_switch(root, DesiredModel(active="1"))
    desired = {LINK: DesiredModel(active="2")}

    first, second = switch.prepare(desired), switch.prepare(desired)
    (bundle / "model.onnx").write_bytes(graph)
    third = switch.prepare(desired)

    assert (first, second, third) == ([LINK], [], [])
    assert switch.take(desired) == [LINK]
    assert switch.status()[LINK].refused == {}


def test_a_starting_worker_runs_the_last_desired_model(root: Path) -> None:
    a_bundle(root, "url", "2")
    a_bundle(root, "url", "3")

    assert a_switch(root, DesiredModel(active="2")).current.link.version == "2"


def test_at_a_start_a_bad_bundle_gives_way_to_the_one_before_it(root: Path) -> None:
    cut_graph(a_bundle(root, "url", "3"))
    a_bundle(root, "url", "2")

    switch = a_switch(root, DesiredModel(active="3", previous="1"))

    assert switch.current.link.version == "1"
    assert set(switch.status()[LINK].refused) == {"3"}


def test_a_start_without_a_good_bundle_fails(root: Path) -> None:
    cut_graph(root / "url" / "1")

    with pytest.raises(ValueError, match="sha256"):
        a_switch(root)


def test_a_threshold_that_is_set_holds_for_every_model_and_for_shadows(root: Path) -> None:
    a_bundle(root, "url", "2", threshold=0.5)
    a_bundle(root, "url", "3", threshold=0.6)
    switch = a_switch(root, DesiredModel(active="1"), link_threshold=0.25)

    want(switch, DesiredModel(active="2", shadow="3"))

    assert switch.current.thresholds[Channel.LINK] == 0.25
    assert switch.current.shadows.link is not None
    assert switch.current.shadows.link.threshold == 0.25


def test_a_shadow_follows_the_desired_models(root: Path) -> None:
    a_bundle(root, "url", "2", threshold=0.5)
    switch = a_switch(root, DesiredModel(active="1"))

    want(switch, DesiredModel(active="1", shadow="2", share=0.5))
    first = switch.current.shadows.link
    want(switch, DesiredModel(active="1", shadow="2", share=0.5, by="li"))
    second = switch.current.shadows.link
    want(switch, DesiredModel(active="1", shadow="2", share=0.1))
    third = switch.current.shadows.link
    want(switch, DesiredModel(active="1"))

    assert first is not None
    assert (first.model.version, first.threshold, first.share) == ("2", 0.5, 0.5)
    assert second is first
    assert third is not None
    assert third.share == 0.1
    assert switch.current.shadows.link is None
    assert switch.current.link.version == "1"


def test_a_model_does_not_shadow_itself(root: Path) -> None:
    switch = a_switch(root)

    want(switch, DesiredModel(active="1", shadow="1"))

    assert switch.current.shadows.link is None


def test_the_histograms_are_those_of_the_model_in_force(root: Path) -> None:
    bundle = a_bundle(root, "url", "2")
    card = bundle / CARD
    labels = "\n[feature_histograms.host_labels]\nedges = [2]\nrows = [5, 4, 0]\n"
    scores = f"score_histogram = {[7, *[1] * 19]}\n"
    card.write_text(scores + card.read_text("utf-8") + labels, "utf-8")
    switch = a_switch(root, DesiredModel(active="1"))
    before = switch.status()[LINK].score_histogram

    want(switch, DesiredModel(active="2"))

    assert before is None
    assert switch.status()[LINK].score_histogram == (7, *[1] * 19)
    assert switch.status()[LINK].feature_histograms["host_labels"].rows == (5, 4, 0)


def test_the_review_threshold_is_that_of_the_model_in_force(root: Path) -> None:
    card = a_bundle(root, "url", "2", threshold=0.5) / CARD
    card.write_text("review_threshold = 0.25\n" + card.read_text("utf-8"), "utf-8")
    switch = a_switch(root, DesiredModel(active="1"))
    before = switch.current.review_thresholds

    want(switch, DesiredModel(active="2"))

    assert set(before.values()) == {None}
    assert switch.current.review_thresholds[Channel.LINK] == 0.25


def test_a_velocity_model_is_activated_shadowed_and_rolled_back_like_any_other(root: Path) -> None:
    for version in ("1", "2", "3"):
        a_bundle(root, "moment", version, threshold=0.9 if version == "3" else 0.95)
    start, then = DesiredModel(active="1"), DesiredModel(active="2", previous="1", shadow="3")
    switch = ActiveModels(root, {}, {VELOCITY: start}, velocity=True)

    first = switch.velocity()
    switch.prepare({VELOCITY: then})
    swapped = switch.take({VELOCITY: then})
    second = switch.velocity()
    switch.prepare({VELOCITY: start})
    back = switch.take({VELOCITY: start})

    assert (first.model.version, first.shadow) == ("1", None)
    assert (swapped, back) == ([VELOCITY], [VELOCITY])
    assert (second.model.version, second.threshold) == ("2", 0.95)
    assert second.shadow is not None
    assert (second.shadow.model.version, second.shadow.threshold) == ("3", 0.9)
    assert switch.velocity().model is first.model


def test_a_bad_velocity_bundle_is_refused_and_the_old_one_stays(root: Path) -> None:
    a_bundle(root, "moment", "1")
    switch = ActiveModels(root, {}, {}, velocity=True)
    edit_card(a_bundle(root, "moment", "2"), "sha256", f'"{"0" * 64}"')

    refused = switch.prepare({VELOCITY: DesiredModel(active="2")})
    swapped = switch.take({VELOCITY: DesiredModel(active="2")})

    assert (refused, swapped) == ([VELOCITY], [])
    assert switch.velocity().model.version == "1"
    assert "sha256" in switch.status()[VELOCITY].refused["2"]


def test_a_threshold_that_is_set_holds_for_velocity_models(root: Path) -> None:
    a_bundle(root, "moment", "1")

    switch = ActiveModels(root, {VELOCITY: 0.5}, {}, velocity=True)

    assert switch.velocity().threshold == 0.5


def test_without_a_velocity_stage_there_is_no_velocity_model(root: Path) -> None:
    switch = a_switch(root)

    assert VELOCITY not in switch.status()
    assert switch.prepare({VELOCITY: DesiredModel(active="1")}) == []
    assert switch.take({VELOCITY: DesiredModel(active="1")}) == []
    with pytest.raises(ValueError, match="no velocity model"):
        switch.velocity()


def test_few_calls_stay_below_the_threshold_that_is_set_for_calls(root: Path) -> None:
    switch = ActiveModels(root, {ModelKind.CALL: 0.05}, {})
    calls = some_calls(
        *["+8617000000001"] * 31, callees=[f"+86139{n * 7919:08d}" for n in range(31)]
    )

    scores = switch.current.caller.score(ActivityTable(slots=64).observe(calls))

    assert switch.current.thresholds[Channel.CALL] == 0.05
    assert 0 < scores.max() < 0.05
