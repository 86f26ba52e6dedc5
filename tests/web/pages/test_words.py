"""Every word of the panel exists in both languages, and none stands in a template outside of the catalogue."""

from __future__ import annotations

import ast
import re
from dataclasses import fields
from html.parser import HTMLParser
from pathlib import Path

import pytest
from babel.messages.extract import extract_from_dir
from babel.messages.frontend import parse_mapping_cfg
from babel.messages.pofile import read_po
from jinja2 import Environment

from drivers._serialbus import line
from drivers.camera import driver as camera
from drivers.modbus_rtu import polling
from drivers.modbus_rtu.frames import Failure
from drivers.nut import driver as nut
from tests.contracts.source import modules
from web.i18n import CATALOGUE, choose_language, translations
from web.pages.wording import COUNTERS, REJECTED

WEB = CATALOGUE.parents[3]
TEMPLATES = sorted((WEB / "templates").rglob("*.html"))
PYTHON = [*sorted((WEB / "pages").glob("*.py")), WEB / "i18n.py"]
CHINESE = re.compile(r"[\u3400-\u9fff]")
LETTERS = re.compile(r"[A-Za-z\u3400-\u9fff]{2,}")
SHOWN_AS_THEY_ARE = {"English", "中文", "EN"}
MAKERS_OF_REASONS = ("_reject", "_refuse", "reject", "_WrongValueError")


def messages() -> set[str]:
    """Every message id in templates and pages."""
    with (WEB / "locale" / "babel.cfg").open() as mapping:
        methods, options = parse_mapping_cfg(mapping)
    keywords = {"_": None, "gettext": None, "ngettext": (1, 2), "_word": None, "mark": None}
    found = extract_from_dir(WEB.parent, methods, options, keywords)
    return {text[0] if isinstance(text, tuple) else text for _file, _line, text, *_rest in found}


def test_every_message_has_its_chinese() -> None:
    with CATALOGUE.open("rb") as source:
        catalogue = read_po(source)
    said = {m.id[0] if isinstance(m.id, tuple) else m.id: m for m in catalogue if m.id}
    asked = messages()
    assert asked - set(said) == set(), (
        "missing in web/locale/zh_CN: run the two commands of web/locale/README.md"
    )
    assert set(said) - asked == set(), "no longer used"
    for id, message in said.items():
        words = message.string if isinstance(message.string, tuple) else (message.string,)
        assert all(words), f"{id!r} has no Chinese"
        assert not message.fuzzy, f"{id!r} is fuzzy"


def test_the_bare_word_for_confirming_is_never_shown() -> None:
    """For a guard it means that the fire is real; it may stand in that one button alone."""
    with CATALOGUE.open("rb") as source:
        for message in read_po(source):
            words = "".join(message.string) if message.string else ""
            assert "确认" not in words.replace("确认火警", ""), message.id


def test_placeholders_survive_translation() -> None:
    places = re.compile(r"%\(\w+\)s")
    with CATALOGUE.open("rb") as source:
        for message in read_po(source):
            if not message.id or isinstance(message.id, tuple):
                continue
            assert isinstance(message.string, str)
            assert set(places.findall(message.id)) == set(places.findall(message.string)), message.id


class Bare(HTMLParser):
    """Collects the words a reader would see, and attributes that are read aloud."""

    def __init__(self) -> None:
        super().__init__()
        self.words: list[str] = []

    def handle_data(self, data: str) -> None:
        self.words += LETTERS.findall(data)

    def handle_starttag(self, tag: str, attrs: list[tuple[str, str | None]]) -> None:
        for name, value in attrs:
            if name in {"title", "aria-label", "placeholder", "alt"} and value:
                self.words += LETTERS.findall(value)


@pytest.mark.parametrize("template", TEMPLATES, ids=lambda path: path.name)
def test_no_template_speaks_outside_of_the_catalogue(template: Path) -> None:
    text = template.read_text("utf-8")
    Environment(extensions=["jinja2.ext.i18n"]).parse(text)  # noqa: S701 - parsed, never rendered
    text = re.sub(r"\{% block main_class %\}\w+", "", text)  # a class, no word
    plain = re.sub(r"\{#.*?#\}|\{%.*?%\}|\{\{.*?\}\}", "", text, flags=re.DOTALL)
    bare = Bare()
    bare.feed(re.sub(r"<script.*?</script>", "", plain, flags=re.DOTALL))
    assert set(bare.words) - SHOWN_AS_THEY_ARE - {"Enter"} == set()


@pytest.mark.parametrize("module", PYTHON, ids=lambda path: path.name)
def test_no_page_module_speaks_chinese_outside_of_comments(module: Path) -> None:
    code = re.sub(r'""".*?"""|#.*', "", module.read_text("utf-8"), flags=re.DOTALL)
    code = re.sub(r'^\s*""".*?"""', "", code, flags=re.DOTALL | re.MULTILINE)
    assert not CHINESE.search(code)


def test_scripts_speak_by_the_catalogue_only() -> None:
    for script in sorted((WEB / "static" / "js").glob("*.js")):
        assert not CHINESE.search(script.read_text("utf-8")), script.name


@pytest.mark.parametrize(
    ("cookie", "account", "accept", "expected"),
    [
        (None, None, None, "zh"),
        (None, None, "en-GB,en;q=0.9,zh;q=0.8", "en"),
        (None, None, "zh-CN;q=0.7,en;q=0.8", "en"),
        (None, "zh", "en", "zh"),
        ("en", "zh", "zh", "en"),
        ("tlh", None, "fr,en;q=0.5", "en"),
        (None, None, "fr;q=x, *;q=0", "zh"),
    ],
)
def test_language_is_the_browsers_choice_before_the_accounts_before_the_header(
    cookie: str | None, account: str | None, accept: str | None, expected: str
) -> None:
    assert choose_language(cookie, account, accept) == expected


def test_english_needs_no_catalogue() -> None:
    assert translations("en").gettext("Acknowledge") == "Acknowledge"
    assert translations("zh").gettext("Acknowledge") == "接警"


def test_every_counter_of_a_link_has_its_words():
    kinds = (camera.Counters, nut._Counters, nut._UpsCounters, line.Counters, polling.UnitCounters)
    names = {field.name for kind in kinds for field in fields(kind)} - {"last_ok"}  # which is a time
    assert names <= COUNTERS.keys()


def test_every_reason_to_refuse_a_message_has_its_words() -> None:
    said = {
        argument.value
        for path, tree in modules().items()
        if path.startswith(("edge/ingest/", "drivers/"))
        for node in ast.walk(tree)
        if isinstance(node, ast.Call)
        and getattr(node.func, "attr", getattr(node.func, "id", "")) in MAKERS_OF_REASONS
        for argument in node.args[:2]
        if isinstance(argument, ast.Constant) and isinstance(argument.value, str)
    }
    reasons = {word for word in said if re.fullmatch(r"[a-z_]+", word)}
    assert {"malformed", "unknown_device", "wrong_type"} <= reasons
    reasons |= {failure.value for failure in Failure} - {"timeout"}  # an unanswered request brings no message
    assert reasons <= REJECTED.keys()
