import pytest

from fanzha.v1 import decision_pb2
from services.console.decisions import search_form

NOW_MS = 1_800_000_000_000


def test_a_search_is_read_back_from_its_own_address() -> None:
    search = search_form.read(
        {"action": "block", "reason": "link_scored", "carrier": "cmcc", "period": "7d"}
    )

    assert search_form.read(search.query) == search
    assert search.query["period"] == "7d"


@pytest.mark.parametrize(
    "fields", [{"action": "explode"}, {"period": "1 OR 1"}, {"number": "+861"}, {"reason": "0"}]
)
def test_what_is_not_known_is_left_out(fields: dict[str, str]) -> None:
    search = search_form.read(fields)

    assert search.filters == {}
    assert search.period == search_form.DEFAULT_PERIOD


def test_a_party_is_in_the_request_and_never_in_the_address() -> None:
    search = search_form.read({}, key="k", party="+8617000000123")

    request = search.request(NOW_MS, "")

    assert request.number == "+8617000000123"
    assert "8617000000123" not in str(search.query)
    assert request.uncounted


def test_a_name_is_looked_for_as_a_sender() -> None:
    request = search_form.read({}, key="k", party="Bank").request(NOW_MS, "")

    assert (request.sender, request.number) == ("Bank", "")


def test_words_become_numbers_of_the_wire() -> None:
    request = search_form.read({"action": "block", "channel": "link"}).tail()

    assert request.action == decision_pb2.ACTION_BLOCK
    assert request.channel == decision_pb2.CHANNEL_LINK


@pytest.mark.parametrize(
    ("text", "found"),
    [
        ("9726596518655299603", "9726596518655299603"),
        (" 9,726,596,518,655,299,603 ", "9726596518655299603"),
        ("+8617000000123", ""),
        ("17000000123", ""),
        ("99999999999999999999", ""),
        ("Bank", ""),
        ("", ""),
    ],
)
def test_ids_are_told_from_numbers(text: str, found: str) -> None:
    assert search_form.decision_id(text) == found
