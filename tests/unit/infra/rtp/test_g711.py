"""G.711 against the figures of the recommendation, and against itself."""

import numpy as np
import pytest

from infra.rtp import g711


@pytest.mark.parametrize("codec", [0, 8])
def test_each_octet_is_the_code_of_the_sample_that_it_stands_for(codec: int) -> None:
    octets = bytes(range(256))

    again = g711.encoded(g711.decoded(octets, codec), codec)

    # µ-law has two zeros.
    same = [one for one in range(256) if again[one] == octets[one]]
    assert len(same) >= 255


@pytest.mark.parametrize("codec", [0, 8])
def test_audio_comes_back_nearly_as_it_was(codec: int) -> None:
    samples = np.arange(-32_768, 32_768, 7).astype(np.int16)

    back = g711.decoded(g711.encoded(samples, codec), codec).astype(np.int64)

    size = np.abs(samples.astype(np.int64))
    # Steps of a sixteenth of a segment; beyond the last, µ-law clips.
    assert np.all(np.abs(back - samples) <= np.maximum(size / 16, 16) + 700 * (size > 32_000))
    assert np.all(np.diff(back) >= 0)


def test_silence_and_full_scale_have_their_known_codes() -> None:
    assert g711.encoded(np.array([0, -1], np.int16), 8) == b"\xd5\x55"
    assert g711.encoded(np.array([0, 32_767, -32_768], np.int16), 0) == b"\xff\x80\x00"
    assert g711.decoded(b"\x80\x00", 0).tolist() == [32_124, -32_124]
    assert g711.decoded(b"\xaa\x2a", 8).tolist() == [32_256, -32_256]
