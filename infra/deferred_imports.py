"""Imports that a module executes at first use, so that what needs only its declarations is quick.

While a module is imported within `deferred`, each module that it imports by ``import grpc`` or
``from fanzha.v1 import case_pb2 as pb`` is a stand-in; reading an attribute of it imports the
module and puts it in place of the stand-in. What reads an attribute at once imports at once:
``from numpy import array``, and ``pb.Case`` in a constant, a base class, or an annotation without
``from __future__ import annotations``.

`sys.modules` holds no stand-in, so that no other module can meet one.
"""

import builtins
import sys
from collections.abc import Collection, Iterator, Mapping, Sequence
from contextlib import contextmanager
from dataclasses import dataclass
from importlib import import_module
from importlib.machinery import PathFinder
from importlib.util import find_spec
from types import ModuleType, SimpleNamespace
from typing import Any

from infra import garbage_collection

_import_at_once = builtins.__import__


class DeferredModule(ModuleType):
    """Stands in for a module until an attribute of it is read."""

    def __init__(self, name: str, importer: dict[str, Any], below: str = "") -> None:
        """Stand in for module *name* in *importer*, the namespace of the module that imports it.

        *below* is what ``import a.b.c`` names below *name*.
        """
        super().__init__(name)
        self._importer = importer
        self._below = below

    def __getattr__(self, name: str) -> Any:
        first, _, rest = self._below.partition(".")
        if name == first:
            return DeferredModule(f"{self.__name__}.{name}", self._importer, rest)
        with garbage_collection.paused():
            module = import_module(self.__name__)
        for alias, value in list(self._importer.items()):
            if value is self:
                self._importer[alias] = module
        return getattr(module, name)


@contextmanager
def withheld(package: str) -> Iterator[None]:
    """Have imports of *package* fail within, for modules that do without; unless it is imported.

    For one thread at a time.
    """
    if package in sys.modules:
        yield
        return
    sys.modules[package] = None  # type: ignore[assignment]  # what Python takes for "is not there"
    try:
        yield
    finally:
        del sys.modules[package]


@contextmanager
def deferred(packages: Collection[str], *, importers: Sequence[str]) -> Iterator[None]:
    """Defer modules of *packages* that modules of the packages *importers* import within.

    Modules of *importers* themselves are imported at once. For one thread at a time.
    """
    prefixes = tuple(f"{one}." for one in importers)
    builtins.__import__ = _DeferringImport(packages=packages, importers=prefixes)
    try:
        yield
    finally:
        builtins.__import__ = _import_at_once


@dataclass(frozen=True, slots=True, kw_only=True)
class _DeferringImport:
    """Takes the place of ``builtins.__import__``."""

    packages: Collection[str]
    importers: tuple[str, ...]
    """Each ends in a dot."""

    def __call__(
        self,
        name: str,
        globals: Mapping[str, Any] | None = None,  # noqa: A002 - as the one it replaces
        locals: Mapping[str, Any] | None = None,  # noqa: A002
        fromlist: Sequence[str] | None = (),
        level: int = 0,
    ) -> Any:
        """Import a module, or return what stands in for it."""
        if isinstance(globals, dict) and self._is_deferred(name, globals["__name__"]):
            found = _stand_in(name, globals, fromlist or ())
            if found is not None:
                return found
        return _import_at_once(name, globals, locals, fromlist or (), level)

    def _is_deferred(self, name: str, importer: str) -> bool:
        return (
            importer.startswith(self.importers)
            and name.partition(".")[0] in self.packages
            and not f"{name}.".startswith(self.importers)
        )


def _stand_in(name: str, importer: dict[str, Any], fromlist: Sequence[str]) -> Any:
    """Return what ``import name`` or ``from name import …`` yields; None where it cannot wait."""
    if not fromlist:
        first, _, below = name.partition(".")
        return DeferredModule(first, importer, below)
    package = find_spec(name)
    folders = package and package.submodule_search_locations
    if not folders or not all(PathFinder.find_spec(f"{name}.{one}", folders) for one in fromlist):
        return None
    stand_ins = {one: DeferredModule(f"{name}.{one}", importer) for one in fromlist}
    loaded = vars(sys.modules[name]) if name in sys.modules else {}
    return SimpleNamespace(**(stand_ins | loaded))
