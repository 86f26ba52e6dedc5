"""messages/*.toml: own words are taken; what is wrong is said with file, line and the nearest right word."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.dispatch.messages import MESSAGES
from edge.domain.names import Text
from edge.resources import config_root
from edge.settings.messages import read_messages
from edge.settings.problems import Problem, Report


def read(tmp_path: Path, **files: str) -> tuple[object, list[Problem]]:
    (tmp_path / "messages").mkdir()
    for name, text in files.items():
        (tmp_path / "messages" / f"{name}.toml").write_text(text, "utf-8")
    report = Report()
    return read_messages(report, tmp_path), report.problems()


def test_own_words_are_taken(tmp_path: Path) -> None:
    found, problems = read(tmp_path, a='[alarm]\nzh = "{place}{title}"\nen = "{{{place}}} {title}"\n')
    assert not problems
    assert found == {"alarm": Text("{place}{title}", "{{{place}}} {title}")}


def test_a_misspelt_message_and_field_are_named(tmp_path: Path) -> None:
    _, problems = read(
        tmp_path,
        a='[alarms]\nzh = "一"\nen = "a"\n\n[nobody]\nzh = "{place}"\nen = "Nobody at {plaec}"\n',
        b='nobody = { zh = "一", en = "a" }\n',
    )
    said = [(p.file, p.line, p.key, p.code, p.suggestion) for p in problems]
    assert said == [
        ("messages/a.toml", 1, "alarms", "unknown_message", "alarm"),
        ("messages/a.toml", 7, "nobody.en", "unknown_placeholder", "place"),
        ("messages/b.toml", 1, "nobody", "duplicate_id", None),
    ]


@pytest.mark.parametrize(
    ("text", "code"),
    [
        ("{place", "braces"),
        ("place}", "braces"),
        ("{}", "unknown_placeholder"),
        ("{place.zh}", "unknown_placeholder"),
        ("{time:d}", "unknown_placeholder"),
        ("{time!r}", "unknown_placeholder"),
    ],
)
def test_what_could_not_be_filled_in_is_refused(tmp_path: Path, text: str, code: str) -> None:
    _, problems = read(tmp_path, a=f'[alarm]\nzh = "一"\nen = "{text}"\n')
    assert [problem.code for problem in problems] == [code]


def test_a_text_needs_both_languages(tmp_path: Path) -> None:
    _, problems = read(tmp_path, a='[alarm]\nzh = "一"\n')
    assert [(problem.code, problem.key) for problem in problems] == [("missing_key", "alarm.en")]


def test_every_message_is_documented() -> None:
    text = (config_root() / "README.md").read_text("utf-8")
    assert not [name for name in MESSAGES if f"`{name}`" not in text]


def test_the_sample_is_right_without_its_comment_signs(tmp_path: Path) -> None:
    lines = (config_root() / "site/messages/words.toml").read_text("utf-8").splitlines()
    sample = "\n".join(line.removeprefix("# ") for line in lines[lines.index("#") + 1 :])
    found, problems = read(tmp_path, a=sample)
    assert not problems
    assert found == {"alarm": MESSAGES["alarm"]}
