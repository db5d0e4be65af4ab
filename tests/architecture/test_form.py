"""The form of the code: sizes, names, what may be imported where."""

from __future__ import annotations

import ast
import re

from tests.architecture import source

FORBIDDEN_NAMES = {"utils", "helpers", "common", "base", "manager", "handler", "service", "data"}
IN_A_MODULE = {"__init__", "models", "actions", "queries", "rules", "events", "specs", "conditions", "checks", "apps",
               "migrations", "kinds", "locale", "templates", "static", "templatetags"}  # fmt: skip


def test_files_have_at_most_400_lines() -> None:
    long = {source.where(path): count for path in source.python_files("shuke", "tests", "tools", "bench")
            if (count := len(path.read_text().splitlines())) > 400}  # fmt: skip
    assert long == {}


def test_functions_have_at_most_50_lines() -> None:
    long = {
        f"{source.where(path)}:{function.lineno} {function.name}": count
        for path in source.python_files("shuke", "tools", "bench")
        for function in source.functions(path)
        if (count := source.length(function)) > 50
    }
    assert long == {}


def test_stories_have_at_most_40_lines() -> None:
    long = {
        f"{source.where(path)} {function.name}": count
        for path in source.python_files("shuke/stories")
        for function in source.functions(path)
        if (count := source.length(function)) > 40
    }
    assert long == {}


def test_no_file_has_a_name_that_says_nothing() -> None:
    nameless = [source.where(path) for path in source.python_files("shuke", "tests", "tools", "bench")
                if path.stem in FORBIDDEN_NAMES or path.parent.name in FORBIDDEN_NAMES]  # fmt: skip
    assert nameless == []


def test_every_module_has_the_same_file_names() -> None:
    """Besides these, a module may have the base file of its kinds and files without any table of their own."""
    strange = [
        source.where(path)
        for module in source.modules()
        if module not in {"core", "stories", *source.SURFACES}
        for path in sorted((source.ROOT / "shuke" / module).iterdir())
        if path.suffix == ".py" and path.stem not in IN_A_MODULE and _declares_tables(path.read_text())
    ]
    assert strange == []


def _declares_tables(text: str) -> bool:
    return "models.Model)" in text or "TenantModel)" in text


def test_every_file_says_in_its_first_line_what_it_is() -> None:
    silent = [source.where(path) for path in source.python_files("shuke", "tools", "bench")
              if not ast.get_docstring(source.tree(path))]  # fmt: skip
    assert silent == []


def test_nothing_is_done_behind_the_callers_back() -> None:
    """No signals and no save() overrides: whoever reads an action reads all that it does."""
    hidden = [source.where(path) for path in source.python_files("shuke")
              for name in source.imported(path) if name.startswith(("django.dispatch", "django.db.models.signals"))]  # fmt: skip
    overrides = [
        f"{source.where(path)}:{function.lineno}"
        for path in source.python_files("shuke")
        if path.stem == "models"
        for function in source.functions(path)
        if function.name in {"save", "delete", "clean", "full_clean"}
    ]
    assert hidden + overrides == []


def test_rules_and_kinds_know_no_database() -> None:
    impure = [
        f"{source.where(path)}: {name}"
        for path in source.python_files("shuke")
        if path.stem == "rules" or {"rules", "kinds"} & set(source.where(path).split("/"))
        for name in source.imported(path)
        if name.startswith(("django.db", "psycopg", "django.utils.timezone"))
    ]
    assert impure == []


def test_only_the_clock_knows_the_time() -> None:
    reading = re.compile(
        r"datetime\.(now|utcnow|today)\(|date\.today\(|timezone\.(now|localdate)\(|timezone\.localtime\(\)|time\.time\("
    )
    readers = [
        f"{source.where(path)}:{number}"
        for path in source.python_files("shuke")
        if source.where(path)
        not in {"shuke/core/clock.py", "shuke/core/sealed_files.py"}  # files have the machine's time
        for number, line in enumerate(path.read_text().splitlines(), 1)
        if reading.search(line)
    ]
    assert readers == []


def test_pages_of_stories_hold_no_rows_and_no_arithmetic() -> None:
    """A story only asks the modules to bring themselves up to date."""
    broken = [
        f"{source.where(path)}:{node.lineno}"
        for path in source.python_files("shuke/stories")
        for node in ast.walk(source.tree(path))
        if isinstance(node, ast.BinOp | ast.AugAssign) and not isinstance(node.op, ast.BitOr)
    ]
    orm = [source.where(path) for path in source.python_files("shuke/stories")
           for name in source.imported(path) if name.startswith(("django.db", "shuke.core.sql")) or ".models" in name]  # fmt: skip
    assert broken + orm == []
