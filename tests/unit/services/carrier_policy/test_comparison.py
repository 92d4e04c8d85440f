"""What a change of the carrier policy changes in effect."""

import pytest

from fanzha.errors import InvalidInput
from services.carrier_policy.comparison import MAX_DIFFERENCES, affected_carriers, differences
from services.carrier_policy.document import checked

DEFAULT = '[carrier.default.call]\nmode = "monitor"\n'


def lines(before: str, after: str) -> list[str]:
    found = differences(checked(before), checked(after))
    return [f"{one.carrier} {one.setting}: {one.before} -> {one.after}" for one in found]


def test_each_setting_that_differs_is_named_with_both_values() -> None:
    after = '[carrier.cmcc.call]\nthreshold = 0.97\non_failure = "block"\n'

    assert lines("", after) == [
        "cmcc call.threshold: of the settings or model -> 0.97",
        "cmcc call.on_failure: allow -> block",
    ]
    assert lines(after, "")[1] == "cmcc call.on_failure: block -> allow"


def test_a_carrier_that_gets_its_own_policy_loses_the_default_one() -> None:
    own = f"{DEFAULT}[carrier.cmcc.text]\nthreshold = 0.5\n"

    assert lines(DEFAULT, own) == [
        "cmcc call.mode: monitor -> enforce",
        "cmcc text.threshold: of the settings or model -> 0.5",
    ]


def test_a_policy_written_otherwise_changes_nothing() -> None:
    assert lines(DEFAULT, f'{DEFAULT}[carrier.cmcc.call]\nmode = "monitor"\n') == []


def test_trunk_groups_are_compared_by_what_they_say() -> None:
    one = '[[carrier.cmcc.trunk]]\nname = "bank"\nshows = ["95588"]\n'
    two = one.replace("95588", "95533") + 'ingress = "international"\n'

    assert lines(one, two) == ["cmcc trunk bank: shows 95588 -> ingress international; shows 95533"]
    assert lines(two, "") == ["cmcc trunk bank: ingress international; shows 95533 -> none"]


def test_close_thresholds_are_told_apart() -> None:
    one, two = (f"[carrier.x.call]\nthreshold = {value}\n" for value in (0.9700001, 0.97000011))

    assert lines(one, two) == ["x call.threshold: 0.9700001 -> 0.97000011"]


def test_carriers_are_counted_with_their_settings() -> None:
    before = checked(DEFAULT)
    after = checked('[carrier.cmcc.call]\nthreshold = 0.5\non_failure = "block"\n')

    assert affected_carriers(differences(before, after)) == [
        "default (1 policy setting)",
        "cmcc (3 policy settings)",
    ]


def test_a_change_of_too_many_settings_is_refused() -> None:
    trunks = "".join(
        f'[[carrier.default.trunk]]\nname = "t{number}"\nshows = ["95588"]\n'
        for number in range(100)
    )
    # Each carrier of its own loses all trunk groups of the default.
    carriers = "".join(f"[carrier.c{number}]\n" for number in range(MAX_DIFFERENCES // 100 + 1))

    with pytest.raises(InvalidInput, match=f"more than {MAX_DIFFERENCES:,} settings"):
        differences(checked(trunks), checked(trunks + carriers))
