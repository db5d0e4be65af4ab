"""Kinds are files in a folder: they are found by scanning and known under their name."""

from __future__ import annotations

import importlib
import inspect
import pkgutil
from typing import Any, TypeVar

Kind = TypeVar("Kind")


def scan(package: str, kind: type[Kind]) -> dict[str, Kind]:
    """One instance of every concrete subclass of `kind` defined in the modules of `package`, by its `name`, sorted.

    Raises ValueError when a class has no name or two share one: both are mistakes of whoever added a file.
    """
    found: dict[str, Kind] = {}
    for cls in classes(package, kind):
        name = getattr(cls, "name", "")
        if not name:
            raise ValueError(f"{cls.__module__}.{cls.__qualname__} has no name")
        if name in found:
            raise ValueError(f"two kinds in {package} are named {name!r}")
        found[name] = cls()
    return dict(sorted(found.items()))


def classes(package: str, kind: type[Kind]) -> list[type[Kind]]:
    """Every concrete subclass of `kind` defined (not merely imported) in the modules of `package`."""
    folder = importlib.import_module(package)
    found: list[type[Any]] = []
    for module in sorted(pkgutil.iter_modules(folder.__path__), key=lambda module: module.name):
        members = vars(importlib.import_module(f"{package}.{module.name}")).values()
        found += [
            cls
            for cls in members
            if inspect.isclass(cls)
            and issubclass(cls, kind)
            and cls.__module__ == f"{package}.{module.name}"
            and not inspect.isabstract(cls)
        ]
    return found
