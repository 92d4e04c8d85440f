"""The compiled kernels say what plain Python says."""

import numpy as np
import pytest

from fanzha import kernels
from tests.support.kernel_oracle import CHECKS


@pytest.mark.parametrize("name", CHECKS)
def test_a_kernel_equals_plain_python(name: str) -> None:
    rows = 2_560

    CHECKS[name](rows, np.random.default_rng().integers(2**31).item())


def test_an_array_with_gaps_has_no_address() -> None:
    with pytest.raises((TypeError, ValueError, BufferError)):
        kernels.address(np.zeros((4, 4), np.int64)[:, 1])


def test_an_array_of_another_type_is_refused() -> None:
    with pytest.raises(TypeError, match="int64 here, not int32"):
        kernels.checked(np.zeros(4, np.int32), np.int64)
