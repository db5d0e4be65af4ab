"""Texts are found wherever they stand, translations survive, and every text has its Chinese."""

from __future__ import annotations

from pathlib import Path

import pytest

from tests.architecture.source import ROOT
from tools.catalogue import report

PYTHON = """\
from django.utils.translation import gettext as _, ngettext, pgettext
_("Hello %(name)s")
ngettext("%(count)s order", "%(count)s orders", 3)
pgettext("verb", "Order")
_(
    "long "
    "text"
)
"""
TEMPLATE = """\
{% load i18n %}
<div class="it's">
    {% trans "Save" %}
  <c-field label="{% trans 'Name' %}" hint="{{ hint|default:_("None yet") }}" />
     {% blocktrans count number=orders trimmed %}
       one {{ number }} thing
     {% plural %}
       {{ number }} things
     {% endblocktrans %}
   {% translate "Order" context "noun" %} 100% "unbalanced
</div>
"""


@pytest.fixture
def tree(tmp_path: Path) -> Path:
    """A tree with one module that speaks in Python and in a template."""
    pages = tmp_path / "shuke/tea/templates/tea"
    pages.mkdir(parents=True)
    (tmp_path / "shuke/tea/__init__.py").touch()
    (tmp_path / "shuke/tea/rules.py").write_text(PYTHON)
    (pages / "cup.html").write_text(TEMPLATE)
    return tmp_path


def test_every_text_is_found_and_reported_until_it_is_translated(tree: Path) -> None:
    texts = sorted(line.split(": ", 2)[2].rsplit(" (", 1)[0] for line in report(tree))
    assert texts == sorted(
        ["'Hello %(name)s'", "'%(count)s order'", "'Order'", "'long text'", "'Save'", "'Name'", "'None yet'",
         "'one %(number)s thing'", "'Order'"]
    )  # fmt: skip
    assert not (tree / "shuke/tea/locale").exists()


def test_a_translation_survives_the_loss_of_its_text_and_comes_back_with_it(tree: Path) -> None:
    report(tree, write=True)
    path = tree / "shuke/tea/locale/zh_Hans/LC_MESSAGES/django.po"
    path.write_text(path.read_text().replace('msgid "Save"\nmsgstr ""', 'msgid "Save"\nmsgstr "保存"'))
    page = tree / "shuke/tea/templates/tea/cup.html"
    page.write_text(TEMPLATE.replace('{% trans "Save" %}', ""))
    assert "tea: no longer used: 'Save' (shuke/tea/templates/tea/cup.html)" in report(tree)
    report(tree, write=True)
    assert '#~ msgid "Save"\n#~ msgstr "保存"' in path.read_text()
    page.write_text(TEMPLATE)
    report(tree, write=True)
    assert '\nmsgid "Save"\nmsgstr "保存"' in path.read_text()


def test_a_placeholder_that_differs_is_reported(tree: Path) -> None:
    report(tree, write=True)
    path = tree / "shuke/tea/locale/zh_Hans/LC_MESSAGES/django.po"
    path.write_text(
        path.read_text().replace('"Hello %(name)s"\nmsgstr ""', '"Hello %(name)s"\nmsgstr "你好，%(nmae)s"')
    )
    assert [line for line in report(tree) if "Hello" in line and "not translated" not in line]


def test_two_modules_do_not_translate_one_text_differently(tree: Path) -> None:
    for module, word in (("tea", "保存"), ("cake", "存盘")):
        folder = tree / "shuke" / module / "locale/zh_Hans/LC_MESSAGES"
        folder.mkdir(parents=True)
        (tree / "shuke" / module / "__init__.py").touch()
        (folder / "django.po").write_text(f'msgid "Save"\nmsgstr "{word}"\n')
    assert "cake, tea: different translations of 'Save': 保存 / 存盘" in report(tree)


def test_every_text_of_shuke_has_its_chinese() -> None:
    assert report(ROOT) == []
