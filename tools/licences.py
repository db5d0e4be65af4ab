"""Whether everything that runs with Shuke may be given on: the licences that the locked packages state themselves."""

from __future__ import annotations

import importlib.metadata
import re
import sys
from pathlib import Path

ROOT = Path(__file__).resolve().parent.parent

PERMISSIVE = re.compile(
    r"\b(MIT|BSD|Apache|ISC|PSF|Python Software Foundation|MPL|Mozilla|PostgreSQL|Unlicense|0BSD|CC0|Public Domain|Zlib)\b",
    re.IGNORECASE,
)
STRONG = re.compile(r"\b(A?GPL|GNU (Affero )?General Public)\b", re.IGNORECASE)
EXCEPTED = {"psycopg", "psycopg-binary", "psycopg-pool"}  # LGPL, see docs/decisions/0007-licences.md


def main() -> int:
    """1 with a line for every locked package that is not permissive."""
    found = {name: fault for name in locked() if (fault := fault_of(name))}
    for name, fault in found.items():
        print(f"{name}: {fault}")
    return int(bool(found))


def locked() -> list[str]:
    """Names of the packages that are locked for running."""
    return re.findall(r"^([a-z0-9._-]+)==", (ROOT / "requirements/run.lock").read_text(), re.MULTILINE)


def fault_of(name: str) -> str:
    """What is wrong with a package's licence; "" for nothing, or when this platform does not install it."""
    try:
        stated = licence(importlib.metadata.distribution(name))
    except importlib.metadata.PackageNotFoundError:
        return ""
    return fault(name, stated)


def fault(name: str, stated: str) -> str:
    """What is wrong with a licence as it was stated."""
    if name in EXCEPTED:
        return ""
    is_choice = " OR " in stated and PERMISSIVE.search(stated)
    if STRONG.search(stated) and not is_choice:
        return f"strong copyleft: {stated}"
    return "" if PERMISSIVE.search(stated) else f"not known as permissive: {stated or 'states none'}"


def licence(found: importlib.metadata.Distribution) -> str:
    """The licence as the package states it: by expression, by classifier, or by the first line of a short text."""
    told = found.metadata.json
    stated = str(told.get("license_expression") or told.get("license") or "")
    classified = [one for one in told.get("classifier") or [] if one.startswith("License")]
    return " ".join([stated.split("\n", maxsplit=1)[0][:200], *classified]).strip()


if __name__ == "__main__":
    sys.exit(main())
