import pytest

from benchmarks.load import frames


def test_a_frame_has_length_kind_flags_and_stream_before_its_payload() -> None:
    written = frames.frame(frames.DATA, frames.END_STREAM, 5, b"abc")

    assert written == b"\0\0\3" + b"\0" + b"\1" + b"\0\0\0\5" + b"abc"


def test_a_connection_opens_with_settings_after_the_preface() -> None:
    greeting = frames.greeting()

    assert greeting.startswith(frames.PREFACE)
    rest = greeting.removeprefix(frames.PREFACE)
    assert rest[3] == frames.SETTINGS
    settings = frames.read_settings(rest[9 : 9 + int.from_bytes(rest[:3], "big")])
    assert settings == {
        frames.TABLE_SIZE: 0,
        frames.ENABLE_PUSH: 0,
        frames.INITIAL_WINDOW: frames.MOST_WINDOW,
    }


def test_later_headers_write_the_path_and_name_the_rest() -> None:
    first = frames.first_headers("/a/B", "127.0.0.1:1", 50)
    later = frames.later_headers("/a/B")

    assert b"grpc-timeout\x0350m" in first
    assert b"application/grpc" in first
    assert later == b"\x83\x86\x04\x04/a/B\xc1\xc0\xbf\xbe"


def test_a_request_that_waited_sends_its_remaining_deadline() -> None:
    late = frames.late_headers("/a/B", 0.0123)

    assert late == b"\x83\x86\x04\x04/a/B\xc1\xc0\xbf\x0f\x2f\x0612300u"
    assert frames.late_headers("/a/B", -1).endswith(b"\x021u")
    assert frames.late_headers("/a/B", 1e6).endswith(b"99999999u")


def test_a_status_is_read_wherever_it_stands_in_the_trailers() -> None:
    assert frames.status_of(b"\x20\x00\x0bgrpc-status\x010") == 0
    assert frames.status_of(b"\x00\x0bgrpc-status\x0214\x00\x0cgrpc-message\x02no") == 14


def test_status_details_are_not_mistaken_for_the_status() -> None:
    details = b"\x00\x17grpc-status-details-bin\x019"

    assert frames.status_of(details + b"\x00\x0bgrpc-status\x018") == 8
    assert frames.status_of(details) is None


def test_trailers_without_a_status_have_none() -> None:
    assert frames.status_of(b"\x88") is None
    assert frames.status_of(b"\x00\x0bgrpc-status\x01x") is None


def test_a_login_is_shown_once_and_named_later() -> None:
    first = frames.first_headers("/a/B", "127.0.0.1:1", 50, "abc")

    assert b"\x57\x0aBearer abc\x41" in first
    assert frames.later_headers("/a/B", frames.LOGIN_AGAIN) == (
        b"\x83\x86\x04\x04/a/B\xc2\xc1\xc0\xbf\xbe"
    )


@pytest.mark.parametrize(
    ("length", "written"), [(126, b"\x7e"), (127, b"\x7f\x00"), (427, b"\x7f\xac\x02")]
)
def test_a_long_header_has_several_bytes_of_length(length: int, written: bytes) -> None:
    path = "/" + "a" * (length - 1)

    assert frames.later_headers(path).startswith(b"\x83\x86\x04" + written + b"/a")
