"""Lets the examples of a gate depend on its tests alone.

Hypothesis draws constants of the modules that are loaded, too, and draws other examples where there
are more of them. Which are loaded differs with the tests that ran before in the same process, so
one commit would get other examples in each order.
"""

from hypothesis.internal.conjecture import providers
from hypothesis.internal.constants_ast import Constants


def ignore_constants_of_modules() -> None:
    """Draw no constants of modules in this process; Hypothesis has no setting for that."""
    none = Constants()
    providers._get_local_constants = lambda: none  # noqa: SLF001
    providers.CONSTANTS_CACHE.cache.clear()
