"""The compiled kernels say what plain Python says."""

import numpy as np
import pytest
from hypothesis import given, settings
from hypothesis import strategies as st

from fanzha import kernels
from tests.support.kernel_oracle import CHECKS


@pytest.mark.parametrize("name", CHECKS)
@settings(max_examples=2)
@given(seed=st.integers(0, 2**31 - 1))
def test_a_kernel_equals_plain_python(name: str, seed: int) -> None:
    rows = 1_280

    CHECKS[name](rows, seed)


def test_an_array_with_gaps_has_no_address() -> None:
    with pytest.raises((TypeError, ValueError, BufferError)):
        kernels.address(np.zeros((4, 4), np.int64)[:, 1])


def test_an_array_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="int64 here, not int32"):
        kernels.checked(np.zeros(4, np.int32), np.int64)
