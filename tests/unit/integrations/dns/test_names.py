"""The records of a policy zone, compared with those of the export for the same lists."""

from io import StringIO

from hypothesis import given
from hypothesis import strategies as st

from blocklists.entries import EntryKind
from blocklists.exporters.forms import Context
from blocklists.exporters.writer import FORMS, Export
from fanzha.decisions import Action
from integrations.dns.names import PolicyNames, PolicyRecord, delta
from integrations.dns.policies import NamePolicy, PolicyAction
from tests.support.builders import NINE_O_CLOCK_S, an_entry

LABELS = st.sampled_from(["a", "b", "a-b", "x"])
NAMES = st.lists(LABELS, min_size=1, max_size=5).map(lambda labels: ".".join([*labels, "example"]))
POLICIES = st.builds(
    NamePolicy, st.sampled_from([PolicyAction.PASSTHRU, PolicyAction.NXDOMAIN]), st.just(True)
)
LISTED = st.dictionaries(NAMES, POLICIES, max_size=12)
EDITS = st.dictionaries(NAMES, st.none() | POLICIES, max_size=6)
WRITTEN = {PolicyAction.PASSTHRU: "rpz-passthru.", PolicyAction.NXDOMAIN: "."}


def exported(listed: dict[str, NamePolicy]) -> list[str]:
    file = StringIO()
    context = Context(version=1, now_s=NINE_O_CLOCK_S)
    export = Export(FORMS["rpz"], context, file)
    entries = [
        an_entry(
            name,
            Action.ALLOW if policy.action is PolicyAction.PASSTHRU else Action.BLOCK,
            kind=EntryKind.HOST,
        )
        for name, policy in listed.items()
    ]
    export.add([entries])
    export.close()
    return sorted(line for line in file.getvalue().splitlines() if " CNAME " in line)


@given(LISTED)
def test_a_zone_has_the_records_of_the_export(listed: dict[str, NamePolicy]) -> None:
    records = list(PolicyNames.of(listed.items()).records())

    assert sorted(f"{one.owner} CNAME {WRITTEN[one.action]}" for one in records) == exported(listed)


@given(LISTED, EDITS)
def test_a_difference_leads_from_the_records_before_to_those_after(
    listed: dict[str, NamePolicy], edits: dict[str, NamePolicy | None]
) -> None:
    before = PolicyNames.of(listed.items())

    after = before.changed(edits)
    removed, added = delta(before, after, edits)

    kept = [one for one in before.records() if one not in removed]
    assert len(kept) + len(removed) == len(list(before.records()))
    assert sorted(kept + added) == sorted(after.records())


@given(LISTED)
def test_the_records_of_all_names_are_those_of_each(listed: dict[str, NamePolicy]) -> None:
    names = PolicyNames.of(listed.items())

    each = [one for name in names.touched_by(listed) for one in names.records_of(name)]

    assert sorted(each) == sorted(names.records())


def test_a_name_whose_names_below_belong_to_others_stands_alone() -> None:
    names = PolicyNames.of(
        [
            ("hosting.example", NamePolicy(PolicyAction.NXDOMAIN, below=False)),
            ("evil.site.hosting.example", NamePolicy(PolicyAction.NXDOMAIN, below=True)),
        ]
    )

    assert list(names.records()) == [
        PolicyRecord("hosting.example", PolicyAction.NXDOMAIN),
        PolicyRecord("evil.site.hosting.example", PolicyAction.NXDOMAIN),
        PolicyRecord("*.evil.site.hosting.example", PolicyAction.NXDOMAIN),
    ]
