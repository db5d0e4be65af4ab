"""Texts to be translated: collected per module from Python and templates, checked for completeness, compiled; needs no gettext."""

from __future__ import annotations

import argparse
import io
import sys
from collections import defaultdict
from collections.abc import Iterator, Sequence
from pathlib import Path

import django
from babel.messages.catalog import Catalog, Message
from babel.messages.extract import extract
from babel.messages.mofile import write_mo
from babel.messages.pofile import read_po, write_po
from django.conf import settings
from django.utils.translation.template import templatize

ROOT = Path(__file__).resolve().parent.parent
LOCALE = "zh_Hans"
PLACE = Path("locale", LOCALE, "LC_MESSAGES", "django.po")
KEYWORDS: dict[str, tuple[int | tuple[int, str], ...] | None] = {
    "_": None,
    **dict.fromkeys(("gettext", "gettext_lazy", "gettext_noop"), None),
    **dict.fromkeys(("ngettext", "ngettext_lazy"), (1, 2)),
    **dict.fromkeys(("pgettext", "pgettext_lazy"), ((1, "c"), 2)),
    **dict.fromkeys(("npgettext", "npgettext_lazy"), ((1, "c"), 2, 3)),
}
HEADER = """\
msgid ""
msgstr ""
"Language: zh_Hans\\n"
"MIME-Version: 1.0\\n"
"Content-Type: text/plain; charset=utf-8\\n"
"Content-Transfer-Encoding: 8bit\\n"
"Plural-Forms: nplurals=1; plural=0;\\n"
"""


def main() -> int:
    """Collect and report, with --check only report and fail, with --compile only compile."""
    parser = argparse.ArgumentParser(description=__doc__)
    parser.add_argument("modules", nargs="*", help="only these modules")
    parser.add_argument("--check", action="store_true", help="write nothing; exit code 1 if anything is missing")
    parser.add_argument("--compile", action="store_true", help="write the .mo files of changed catalogues")
    parser.add_argument("--root", type=Path, default=ROOT)
    options = parser.parse_args()
    if options.compile:
        compile_all(options.root)
        return 0
    if not settings.configured:
        settings.configure(USE_I18N=True)
        django.setup()
    findings = report(options.root, options.modules, write=not options.check)
    print("\n".join(findings) or "All texts are translated.")
    return 1 if options.check and findings else 0


def report(root: Path, chosen: Sequence[str] = (), *, write: bool = False) -> list[str]:
    """What is wrong with the catalogues of a tree, or of the chosen modules; with `write` they are brought up to date."""
    found = [
        line for module in modules(root) if not chosen or module.name in chosen for line in review(module, write=write)
    ]
    return found + contradictions(root)


def modules(root: Path) -> list[Path]:
    """The folders that have a catalogue of their own."""
    return sorted(folder for folder in (root / "shuke").iterdir() if (folder / "__init__.py").exists())


def review(module: Path, *, write: bool) -> list[str]:
    """What a module's catalogue lacks, has too much or says wrongly; with `write` texts are added and old ones set aside."""
    found, path = collected(module), module / PLACE
    catalogue = _read(path)
    unknown = [message for message in catalogue if message.id and _key(message) not in found]
    if write and (found or path.exists()):
        _write(path, _merged(catalogue, found))
        catalogue = _read(path)
    report = [] if write else [f"{module.name}: no longer used: {_show(message)}" for message in unknown]
    known = {_key(message): message for message in catalogue if message.id}
    for key, message in found.items():
        mine = known.get(key)
        if mine is None or not _is_translated(mine):
            report.append(f"{module.name}: not translated: {_show(message)}")
        elif mine.fuzzy:
            report.append(f"{module.name}: translation is doubtful: {_show(message)}")
        else:
            report += [f"{module.name}: {error} {_show(message)}" for error in mine.check(catalogue)]
    return report


def collected(module: Path) -> dict[tuple[str | None, str], Message]:
    """Every text of a module by (context, English), with the files it stands in."""
    catalogue = Catalog()
    for path in sorted(module.rglob("*")):
        if "migrations" in path.parts or "static" in path.parts:
            continue
        for message, context in _texts(path):
            place = [(path.relative_to(module.parent.parent).as_posix(), 1)]
            catalogue.add(message, None, locations=place, context=context)
    return {_key(message): message for message in catalogue if message.id}


def contradictions(root: Path) -> list[str]:
    """Texts that two modules translate differently; Django would show one of the two at random."""
    said: dict[tuple[str | None, str], dict[str, str]] = defaultdict(dict)
    for module in modules(root):
        for message in _read(module / PLACE):
            if message.id and _is_translated(message):
                said[_key(message)][module.name] = str(message.string)
    return [
        f"{', '.join(sorted(by_module))}: different translations of {key[1]!r}: {' / '.join(sorted(set(by_module.values())))}"
        for key, by_module in said.items()
        if len(set(by_module.values())) > 1
    ]


def compile_all(root: Path) -> None:
    """Write the .mo beside every .po that is newer."""
    for module in modules(root):
        source = module / PLACE
        target = source.with_suffix(".mo")
        if source.exists() and not (target.exists() and target.stat().st_mtime >= source.stat().st_mtime):
            compiled = io.BytesIO()
            write_mo(compiled, _read(source))
            target.write_bytes(compiled.getvalue())


def _texts(path: Path) -> Iterator[tuple[str | tuple[str, ...], str | None]]:
    if path.suffix == ".py":
        source = path.read_text()
    elif path.suffix in {".html", ".txt"} and "templates" in path.parts:
        # What templatize gives is no valid Python; without its indentation the tokenizer takes it.
        source = "\n".join(line.lstrip() for line in templatize(path.read_text(), origin=str(path)).splitlines()) + "\n"
    else:
        return
    for _line, message, _comments, context in extract("python", io.BytesIO(source.encode()), KEYWORDS):
        if message and (message if isinstance(message, str) else message[0]):
            yield message, context


def _merged(catalogue: Catalog, found: dict[tuple[str | None, str], Message]) -> Catalog:
    """The texts found, with the translations there are; translations of lost texts stay as comments."""
    before = {_key(message): message for message in [*catalogue.obsolete.values(), *catalogue] if message.id}
    result = Catalog(locale=LOCALE)
    for key, message in sorted(found.items(), key=lambda item: (item[1].locations[0][0], item[0][1])):
        old = before.pop(key, None)
        string = old.string if old is not None else ("" if isinstance(message.id, str) else ("",))
        result.add(message.id, string, locations=sorted(set(message.locations)), context=message.context,
                   flags={"fuzzy"} if old is not None and old.fuzzy else set())  # fmt: skip
    for old in before.values():
        if _is_translated(old):
            result.obsolete[old.id if isinstance(old.id, str) else old.id[0]] = old
    return result


def _read(path: Path) -> Catalog:
    if not path.exists():
        return Catalog(locale=LOCALE)
    with path.open("rb") as file:
        return read_po(file, locale=LOCALE)


def _write(path: Path, catalogue: Catalog) -> None:
    text = io.BytesIO()
    write_po(text, catalogue, width=110, omit_header=True, include_lineno=False)
    path.parent.mkdir(parents=True, exist_ok=True)
    path.write_text(HEADER + "\n" + text.getvalue().decode().strip() + "\n")


def _is_translated(message: Message) -> bool:
    strings = message.string if isinstance(message.string, tuple | list) else [message.string]
    return all(strings)


def _key(message: Message) -> tuple[str | None, str]:
    return message.context, message.id if isinstance(message.id, str) else message.id[0]


def _show(message: Message) -> str:
    return f"{_key(message)[1]!r} ({message.locations[0][0] if message.locations else 'nowhere'})"


if __name__ == "__main__":
    sys.exit(main())
