"""What the program never does, looked for in its own text."""

from __future__ import annotations

import ast
import re

import pytest

from tests.architecture import source

CALLS = {"eval", "exec", "compile", "pickle.loads", "pickle.load", "marshal.loads", "yaml.load", "os.system",
         "os.popen", "Template", "Engine"}  # fmt: skip


def called(node: ast.Call) -> str:
    if isinstance(node.func, ast.Name):
        return node.func.id
    if isinstance(node.func, ast.Attribute) and isinstance(node.func.value, ast.Name):
        return f"{node.func.value.id}.{node.func.attr}"
    return ""


def test_nothing_is_evaluated_unpickled_or_given_to_a_shell() -> None:
    found = []
    for path in source.python_files("shuke"):
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.Call):
                shell = any(one.arg == "shell" for one in node.keywords)
                if called(node) in CALLS or (shell and called(node).startswith("subprocess.")):
                    found.append(f"{source.where(path)}:{node.lineno} {called(node)}")
    assert found == []


def test_regular_expressions_are_written_not_built_from_input() -> None:
    """A pattern is a constant, joined of constants or of `re.escape`."""
    built = []
    for path in source.python_files("shuke"):
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.Call) and re.fullmatch(
                r"re\.(compile|match|search|fullmatch|sub|split)", called(node)
            ):
                pattern = ast.unparse(node.args[0])
                if (
                    not isinstance(node.args[0], ast.Constant)
                    and "re.escape" not in pattern
                    and not _of_constants(node.args[0])
                ):
                    built.append(f"{source.where(path)}:{node.lineno} {pattern}")
    assert built == []


def _of_constants(node: ast.expr) -> bool:
    """Constants, names of constants (in capitals), and what is put together of them."""
    if isinstance(node, ast.Name):
        return node.id.isupper() or node.id.lstrip("_").isupper()
    return isinstance(node, ast.Constant | ast.BinOp | ast.JoinedStr | ast.IfExp) and all(
        not isinstance(one, ast.Call) for one in ast.walk(node)
    )


@pytest.mark.parametrize("word", [r"\beval\(", r"new Function", r"innerHTML\s*=", r"document\.write", r"localStorage",
                                  r"sessionStorage", r"indexedDB", r"__proto__", r"postMessage"])  # fmt: skip
def test_our_scripts_do_without(word: str) -> None:
    scripts = [path for path in (source.ROOT / "shuke").rglob("static/**/*.js") if "vendor" not in path.parts]
    assert len(scripts) >= 4
    assert [source.where(path) for path in scripts if re.search(word, path.read_text())] == []


def test_secrets_are_compared_in_constant_time() -> None:
    """No `==` between names that speak of secrets."""
    wrong = []
    secret = re.compile(r"\b(token|secret|signature|mac|hmac|code_hash|hashed)\b")
    for path in source.python_files("shuke"):
        for node in ast.walk(source.tree(path)):
            if isinstance(node, ast.Compare) and isinstance(node.ops[0], ast.Eq | ast.NotEq):
                sides = [ast.unparse(node.left), *(ast.unparse(one) for one in node.comparators)]
                if any(secret.search(side) for side in sides) and not any(side in {"''", "None"} for side in sides):
                    wrong.append(f"{source.where(path)}:{node.lineno} {ast.unparse(node)}")
    assert wrong == []


def test_what_is_random_for_secrecy_comes_from_the_secure_source() -> None:
    imported = [
        source.where(path)
        for path in source.python_files("shuke")
        if re.search(r"^(import random|from random import)", path.read_text(), re.MULTILINE)
        and "cli/sample_" not in str(path)
        and "simulator" not in str(path)
        and source.where(path) != "shuke/webhooks/jobs.py"  # spreads retries, guards nothing
    ]
    assert imported == []
