"""The document of carrier policies: what is read, and what is refused with its place."""

import contextlib

import pytest
from hypothesis import given
from hypothesis import strategies as st

from fanzha.tables import Channel, Ingress
from services.decision.carriers.policy import ChannelPolicy
from services.decision.carriers.policy_document import MAX_BYTES, read_policies

WHOLE = """
[carrier.cmcc.call]
threshold = 0.97
mode = "monitor"
on_failure = "block"
[carrier.cmcc.text]
mode = "enforce"
[[carrier.cmcc.trunk]]
name = "gw-1"
ingress = "international"
[carrier.default.link]
threshold = 1
"""


def test_a_document_is_read_into_a_policy_for_each_carrier() -> None:
    policies = read_policies(WHOLE)

    assert policies.carriers == ["", "cmcc"]
    cmcc = policies["cmcc"]
    assert cmcc.channels == {
        Channel.CALL: ChannelPolicy(threshold=0.97, monitor=True, block_on_failure=True),
        Channel.TEXT: ChannelPolicy(),
    }
    group = cmcc.trunks.find("gw-1")
    assert group is not None
    assert group.ingress is Ingress.INTERNATIONAL
    assert policies[""].channels == {Channel.LINK: ChannelPolicy(threshold=1.0)}


def test_an_empty_document_has_no_policies() -> None:
    assert len(read_policies("")) == 0


@pytest.mark.parametrize(
    ("document", "wrong"),
    [
        ("[carrier", "policy: no TOML"),
        ("[carriers.x]", "policy: carriers: unknown"),
        ("carrier = 1", "carrier: must be a table"),
        ("[carrier.CMCC]", "carrier: 1 to 32 of a-z"),
        ("[carrier.x]\ncall = 1", "carrier.x.call: must be a table"),
        ("[carrier.x.fax]", "carrier.x: fax: unknown; known are call, text, link, trunk"),
        ("[carrier.x.call]\nspeed = 1", "carrier.x.call: speed: unknown"),
        ("[carrier.x.call]\nthreshold = 0", "carrier.x.call: threshold: a number above 0"),
        ("[carrier.x.call]\nthreshold = nan", "threshold: a number above 0"),
        ("[carrier.x.call]\nthreshold = true", "threshold: a number above 0"),
        ('[carrier.x.call]\nmode = "off"', "carrier.x.call: mode: enforce or monitor"),
        ("[carrier.x.call]\non_failure = 1", "on_failure: allow or block"),
        ("[carrier.x]\ntrunk = 1", "carrier.x: trunk: must be"),
        ("[[carrier.x.trunk]]", "carrier.x: trunk 1: name: 1 to 64"),
        ("#" * (MAX_BYTES + 1), "policy: longer than"),
    ],
)
def test_a_wrong_document_is_refused_with_its_place(document: str, wrong: str) -> None:
    with pytest.raises(ValueError, match=wrong):
        read_policies(document)


@given(st.text(max_size=200))
def test_any_document_is_read_or_refused_with_a_value_error(document: str) -> None:
    with contextlib.suppress(ValueError):
        read_policies(document)


@pytest.mark.parametrize(
    ("trunks", "codes", "wrong"),
    [(501, 1, "501 trunk groups, 500 are the most"), (2, 1001, "2002 codes, 2000 are the most")],
)
def test_a_document_that_would_take_long_to_read_is_refused_unread(
    trunks: int, codes: int, wrong: str
) -> None:
    shows = ", ".join(f'"{100_000 + number}"' for number in range(codes))
    table = f"[[carrier.x.trunk]]\nshows = [{shows}]\n"

    # Without a name: whoever reads a group finds that first.
    with pytest.raises(ValueError, match=wrong):
        read_policies(table * trunks)
