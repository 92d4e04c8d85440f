"""The canonical text of the carrier policy, and edits of single settings."""

import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanzha.errors import InvalidInput
from services.carrier_policy import document
from services.carrier_policy.comparison import differences
from services.carrier_policy.document import canonical, checked, with_settings
from services.decision.carriers.policy_document import MAX_BYTES

WRITTEN = """
# Why these: see the contract.
carrier.cmcc.text.mode = "enforce"
[carrier.cmcc.call]
on_failure = "block"
threshold = 1
[[carrier.cmcc.trunk]]
shows = ["95588", "95xxx"]
name = "GW \\u007f\\"1\\""
[carrier.default.link]
mode = "monitor"
"""
CANONICAL = """\
[carrier.default.link]
mode = "monitor"

[carrier.cmcc.call]
threshold = 1.0
on_failure = "block"

[[carrier.cmcc.trunk]]
name = "GW \\u007f\\"1\\""
shows = ["95588", "95xxx"]
"""

names = st.from_regex(r"[a-z0-9][a-z0-9_-]{0,31}", fullmatch=True)
channels = st.fixed_dictionaries(
    {},
    optional={
        "threshold": st.floats(min_value=0, max_value=1, exclude_min=True),
        "mode": st.sampled_from(["enforce", "monitor"]),
        "on_failure": st.sampled_from(["allow", "block"]),
    },
)
trunks = st.lists(
    st.fixed_dictionaries(
        {"name": st.text(st.characters(codec="utf-8"), min_size=1, max_size=64)},
        optional={
            "ingress": st.sampled_from(["local", "interconnect", "international"]),
            "shows": st.just(["95588"]),
            "roamers": st.booleans(),
            "note": st.text(st.characters(codec="utf-8"), max_size=20),
        },
    ),
    max_size=3,
    unique_by=lambda trunk: trunk["name"],
)
carriers = st.fixed_dictionaries(
    {}, optional={"call": channels, "text": channels, "link": channels, "trunk": trunks}
)
trees = st.dictionaries(names, carriers, max_size=4)


def test_a_document_has_one_form_without_comments_and_defaults() -> None:
    assert canonical(WRITTEN) == CANONICAL
    assert canonical(CANONICAL) == CANONICAL
    assert canonical("# nothing\n") == ""


def test_a_carrier_that_sets_nothing_still_has_a_policy_of_its_own() -> None:
    text = canonical('[carrier.cmcc.call]\nmode = "enforce"\n[carrier.default.call]\nthreshold=0.5')

    assert checked(text).carriers == ["", "cmcc"]


@settings(max_examples=40)
@given(trees)
def test_the_canonical_text_sets_what_was_written(tree: dict[str, dict[str, object]]) -> None:
    text = document.from_tree(tree)

    assert document.canonical(text) == text
    once = document.tree(text)
    assert document.from_tree(once) == text
    assert not differences(checked(text), checked(document.from_tree(once)))
    for carrier, tables in tree.items():
        settings_after = once[carrier]
        for trunk in tables.get("trunk", []):  # type: ignore[attr-defined]
            assert trunk in settings_after["trunk"]


@given(st.text() | st.text("[]carrier.=\"'\n default_x0159", max_size=80))
def test_a_hostile_document_is_refused_with_invalid_input_only(text: str) -> None:
    try:
        found = canonical(text)
    except InvalidInput:
        return
    assert canonical(found) == found


def test_removing_a_setting_gives_no_carrier_a_policy_of_its_own() -> None:
    assert with_settings(CANONICAL, ["new.call.mode="]) == CANONICAL


def test_settings_replace_single_values_and_keep_the_rest() -> None:
    found = with_settings(
        CANONICAL,
        ["cmcc.call.threshold=0.5", " cmcc.call.on_failure = ", "new.text.mode=monitor"],
    )

    lines = [one.setting for one in differences(checked(CANONICAL), checked(found))]
    assert lines[:2] == ["call.threshold", "call.on_failure"]
    assert checked(found).carriers == ["", "cmcc", "new"]
    assert 'name = "GW' in found


@pytest.mark.parametrize(
    ("assignment", "wrong"),
    [
        ("cmcc.call.threshold", "set: CARRIER.CHANNEL.SETTING=VALUE"),
        ("cmcc.threshold=1", "set: CARRIER.CHANNEL.SETTING=VALUE"),
        ("a.b.c.d=1", "set: CARRIER.CHANNEL.SETTING=VALUE"),
        ("CMCC.call.mode=monitor", "carrier: 1 to 32 of a-z"),
        ("cmcc.fax.mode=monitor", "channel: one of call, text, link"),
        ("cmcc.call.trunk=x", "setting: one of threshold, mode, on_failure"),
        ("cmcc.call.mode=off", "mode: enforce or monitor"),
        ("cmcc.call.threshold=high", "threshold: a number"),
        ("cmcc.call.threshold=nan", "threshold: a number above 0"),
        ("cmcc.call.threshold=0", "threshold: a number above 0"),
        ('cmcc.call.mode="\n[carrier.x]\n"', "mode: enforce or monitor"),
    ],
)
def test_a_wrong_setting_is_refused_by_name(assignment: str, wrong: str) -> None:
    with pytest.raises(InvalidInput, match=wrong):
        with_settings("", [assignment])


@given(st.text("abc.=call0159 threshold", max_size=40), st.text(max_size=30))
def test_a_hostile_setting_changes_one_setting_or_none(path: str, value: str) -> None:
    try:
        found = with_settings(CANONICAL, [f"{path}={value}"])
    except InvalidInput:
        return
    changed = differences(checked(CANONICAL), checked(found))
    assert (
        len({one.setting for one in changed if one.carrier == path.partition(".")[0].strip()}) <= 3
    )


def test_escapes_that_make_a_document_too_long_are_found() -> None:
    name = "\x01" * 60
    trunk = '[[carrier.x.trunk]]\nname = "%s"\n'
    many = "".join(trunk % f"{number:03}{name}" for number in range(400))
    written = many.replace("\x01", "\\u0001")

    assert len(written) > MAX_BYTES
    with pytest.raises(InvalidInput, match="longer than 65536 bytes"):
        canonical(written)
