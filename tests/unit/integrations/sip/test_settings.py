import pytest

from integrations.common.settings import load
from integrations.sip.settings import SipSettings
from integrations.sip.transports import parsed_listen


def test_addresses_are_of_both_versions_of_ip() -> None:
    settings = SipSettings(listen="127.0.0.1:5070,[::1]:0,proxy.test:5060")

    assert parsed_listen(settings.listen) == [("127.0.0.1", 5070), ("::1", 0), ("proxy.test", 5060)]


@pytest.mark.parametrize(
    ("name", "value"),
    [
        ("LISTEN", "5070"),
        ("LISTEN", "127.0.0.1"),
        ("LISTEN", "::1:5070"),
        ("NEXT_HOP", "10.0.0.1;lr"),
        ("CHALLENGE_CONTACT", "sip:a@b.test>"),
        ("LABEL_HEADER", "X Label"),
        ("LET_THROUGH_STATUS", "200"),
        ("COUNTRY_CODE", "+86"),
        ("JCARD_X5U", "http://plain.example/"),
        ("MAX_MESSAGE_BYTES", "70000"),
    ],
)
def test_what_would_make_a_malformed_answer_is_refused_at_the_start(
    monkeypatch: pytest.MonkeyPatch, name: str, value: str
) -> None:
    monkeypatch.setenv(f"FANZHA_SIP_{name}", value)

    with pytest.raises(SystemExit, match=name.lower()):
        load(SipSettings, None)
