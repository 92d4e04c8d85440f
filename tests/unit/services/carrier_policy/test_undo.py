"""Undoing one change of the carrier policy among others."""

from hypothesis import given, settings

from services.carrier_policy import document
from services.carrier_policy.document import with_settings
from services.carrier_policy.undo import undone
from tests.unit.services.carrier_policy.test_document import trees

BASE = with_settings("", ["a.call.threshold=0.9", "b.text.mode=monitor"])


def test_what_the_change_set_goes_back() -> None:
    after = with_settings(BASE, ["a.call.threshold=0.5", "c.link.mode=monitor"])

    assert undone(BASE, after, after) == (BASE, ())


def test_later_changes_of_other_settings_stay() -> None:
    after = with_settings(BASE, ["a.call.threshold=0.5"])
    current = with_settings(after, ["a.call.on_failure=block"])

    found = undone(BASE, after, current)

    assert found.document == with_settings(BASE, ["a.call.on_failure=block"])
    assert found.left_alone == ()


def test_settings_that_were_changed_again_are_left_alone_and_named() -> None:
    after = with_settings(BASE, ["a.call.threshold=0.5", "b.text.mode="])
    current = with_settings(after, ["a.call.threshold=0.7"])

    found = undone(BASE, after, current)

    assert found.left_alone == ("a.call.threshold",)
    assert found.document == with_settings(BASE, ["a.call.threshold=0.7"])


def test_a_trunk_group_that_went_comes_back_whole() -> None:
    trunk = '[[carrier.a.trunk]]\nname = "bank"\nshows = ["95588"]\nnote = "ours"\n'
    before = document.canonical(BASE + trunk)

    assert undone(before, BASE, BASE) == (before, ())


@settings(max_examples=40)
@given(trees, trees)
def test_undoing_the_newest_change_gives_the_policy_before(
    first: dict[str, object], second: dict[str, object]
) -> None:
    before, after = document.from_tree(first), document.from_tree(second)

    found = undone(before, after, after)

    # Trunk groups of one carrier are a set: their order is that of the newest document.
    assert document.checked(found.document).carriers == document.checked(before).carriers
    assert found.left_alone == ()
    assert sorted(found.document.split("\n")) == sorted(before.split("\n"))
