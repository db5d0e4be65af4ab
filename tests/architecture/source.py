"""The source tree as the tests of this folder read it."""

from __future__ import annotations

import ast
import subprocess
from collections.abc import Iterator
from functools import cache
from pathlib import Path

ROOT = Path(__file__).resolve().parents[2]
SURFACES = {"console", "portal", "api", "cli"}


def modules() -> list[str]:
    """Names of the modules under shuke/."""
    return sorted(path.parent.name for path in (ROOT / "shuke").glob("*/__init__.py"))


def python_files(*tops: str, migrations: bool = False) -> list[Path]:
    """Every Python file under the given top folders."""
    found = [path for top in tops for path in sorted((ROOT / top).rglob("*.py"))]
    return [path for path in found if migrations or "migrations" not in path.parts]


@cache
def tree(path: Path) -> ast.Module:
    """A file's syntax tree."""
    return ast.parse(path.read_text(), str(path))


def functions(path: Path) -> Iterator[ast.FunctionDef | ast.AsyncFunctionDef]:
    """Every function and method of a file."""
    return (node for node in ast.walk(tree(path)) if isinstance(node, ast.FunctionDef | ast.AsyncFunctionDef))


def length(function: ast.FunctionDef | ast.AsyncFunctionDef) -> int:
    """Lines from `def` to the end, without the docstring."""
    total = (function.end_lineno or function.lineno) - function.lineno + 1
    if ast.get_docstring(function) is not None:
        docstring = function.body[0]
        total -= (docstring.end_lineno or docstring.lineno) - docstring.lineno + 1
    return total


def imported(path: Path) -> Iterator[str]:
    """Full names of what a file imports, `from a import b` as `a.b`."""
    for node in ast.walk(tree(path)):
        if isinstance(node, ast.Import):
            yield from (alias.name for alias in node.names)
        elif isinstance(node, ast.ImportFrom) and node.module:
            yield from (f"{node.module}.{alias.name}" for alias in node.names)


def tracked() -> list[Path]:
    """The files that belong to the project; all of them where it is no clone but a copy."""
    listed = subprocess.run(["git", "ls-files", "-z"], cwd=ROOT, capture_output=True, text=True, check=False)
    if listed.returncode:
        made = {".git", ".venv", ".tools", "node_modules", "var", "vendor", "__pycache__"}
        return [path for path in sorted(ROOT.rglob("*")) if path.is_file() and not made & set(path.parts)]
    return [ROOT / name for name in listed.stdout.split("\0") if name and (ROOT / name).is_file()]


def where(path: Path) -> str:
    """The path as a finding shows it."""
    return path.relative_to(ROOT).as_posix()
