import pytest
from hypothesis import example, given
from hypothesis import strategies as st

from services.warning.channels import smpp_receipts
from services.warning.channels.channel import ReceiptState
from services.warning.channels.pdus import Pdu


def a_delivery(body: str = "", receipted_id: str = "", state: int | None = None) -> Pdu:
    return Pdu(
        command="deliver_sm",
        status=0,
        sequence=1,
        body=body.encode(),
        receipted_id=receipted_id,
        message_state=state,
    )


@pytest.mark.parametrize(
    ("delivery", "expected", "why"),
    [
        (
            a_delivery("id:0a sub:001 dlvrd:001 done date:26 stat:DELIVRD err:000 text:x"),
            ReceiptState.DELIVERED,
            "DELIVRD",
        ),
        (a_delivery("ID: 0a STAT: undeliv ERR: 044"), ReceiptState.FAILED, "UNDELIV err 044"),
        (a_delivery("id:0a stat:ENROUTE"), ReceiptState.ON_ITS_WAY, "ENROUTE"),
        (a_delivery("id:0a stat:ODD"), ReceiptState.UNKNOWN, "ODD"),
        (a_delivery("", "0a", 5), ReceiptState.FAILED, "UNDELIV"),
        (a_delivery("id:other stat:EXPIRED", "0a", 2), ReceiptState.DELIVERED, "DELIVRD"),
    ],
)
def test_receipts_are_read_in_every_form(delivery: Pdu, expected: ReceiptState, why: str) -> None:
    receipt = smpp_receipts.read(delivery, 5)

    assert receipt is not None
    assert (receipt.provider_id, receipt.state, receipt.why, receipt.at_ms) == (
        "0a",
        expected,
        why,
        5,
    )


def test_an_answer_of_a_person_is_no_receipt() -> None:
    assert smpp_receipts.read(a_delivery("who is this?"), 5) is None


def test_an_id_is_known_in_decimal_and_hexadecimal() -> None:
    assert "255" in smpp_receipts.id_forms("000000FF")
    assert "ff" in smpp_receipts.id_forms("255")
    assert smpp_receipts.id_forms("a-b") == ["a-b"]
    assert smpp_receipts.id_forms("0010", converted=False) == ["0010", "10"]


IDS = st.text(st.characters(max_codepoint=255), max_size=70) | st.text("0123456789abcdefABCDEF")


@given(IDS, st.booleans())
@example("\u00b2", True)
@example("1" * 5000, True)
def test_any_id_has_few_forms_and_the_first_is_itself(provider_id: str, converted: bool) -> None:
    forms = smpp_receipts.id_forms(provider_id, converted=converted)

    assert len(forms) <= 3
    assert forms[:1] == [provider_id][: len(provider_id)]
    assert "" not in forms


@given(st.integers(0, 2**64 - 1))
def test_of_a_decimal_and_a_hexadecimal_id_each_is_a_form_of_the_other(number: int) -> None:
    decimal, hexadecimal = str(number), f"{number:x}"

    assert {decimal, hexadecimal} <= {
        *smpp_receipts.id_forms(decimal),
        *smpp_receipts.id_forms(hexadecimal),
    }


@given(st.binary(max_size=300), IDS, st.none() | st.integers(0, 255))
def test_any_body_is_a_receipt_or_not_one(
    body: bytes, receipted_id: str, state: int | None
) -> None:
    delivery = Pdu(
        command="deliver_sm",
        status=0,
        sequence=1,
        body=body,
        receipted_id=receipted_id,
        message_state=state,
    )

    receipt = smpp_receipts.read(delivery, 5)

    assert receipt is None or (receipt.provider_id and receipt.why)
