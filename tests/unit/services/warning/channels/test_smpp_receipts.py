import pytest

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
