"""People and programs at the command line; what the file keeps is tested with the store."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge import cli
from web.auth.pins import weakness_of


def test_from_add_to_remove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path / "data")]
    assert cli.main(["user", "add", "wang", "--role", "admin", *data]) == 0
    password = capsys.readouterr().out.strip()
    assert len(password) >= 8
    assert cli.main(["user", "add", "li", "--role", "guard", "--display", "李班长", *data]) == 0
    assert cli.main(["user", "add", "li", "--role", "guard", *data]) == 1
    assert "li exists" in capsys.readouterr().err
    assert cli.main(["user", "remove", "wang", *data]) == 1
    assert "last administrator" in capsys.readouterr().err
    assert cli.main(["user", "remove", "li", *data]) == 0
    assert cli.main(["user", "list", *data]) == 0
    assert capsys.readouterr().out.split() == ["wang", "admin", "wang"]


def test_a_one_time_code_in_the_place_of_a_password(
    tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    data = ["--data", str(tmp_path)]
    assert cli.main(["user", "add", "wang", "--role", "admin", "--code", *data]) == 0
    code = capsys.readouterr().out.strip()
    assert len(code) == 11
    assert code.encode() not in (tmp_path / "accounts.db").read_bytes()
    assert cli.main(["user", "list", *data]) == 0
    assert "no password yet" in capsys.readouterr().out
    assert cli.main(["user", "code", "wang", *data]) == 0
    assert capsys.readouterr().out.strip() != code
    assert cli.main(["user", "code", "nobody", *data]) == 1
    assert "nobody is called nobody" in capsys.readouterr().err
    assert cli.main(["user", "add", "li", "--role", "guard", "--code", "--ask", *data]) == 1
    assert "give one of them" in capsys.readouterr().err


def test_a_token_from_add_to_remove(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    data = ["--data", str(tmp_path)]
    assert cli.main(["token", "add", "uplink", "--role", "guard", *data]) == 0
    assert len(capsys.readouterr().out.strip()) > 20
    assert cli.main(["token", "add", "uplink", "--role", "admin", *data]) == 1
    assert "called uplink already" in capsys.readouterr().err
    assert cli.main(["token", "list", *data]) == 0
    assert capsys.readouterr().out.split() == ["uplink", "guard"]
    assert cli.main(["token", "remove", "uplink", *data]) == 0
    assert cli.main(["token", "remove", "uplink", *data]) == 1
    assert "no program is called uplink" in capsys.readouterr().err


@pytest.mark.parametrize(
    "words",
    [
        ["user", "list"], ["user", "remove", "li"], ["user", "password", "li"], ["user", "code", "li"],
        ["token", "list"],
        ["token", "remove", "uplink"],
    ],
)  # fmt: skip
def test_a_folder_without_accounts_is_told_and_not_made(
    words: list[str], tmp_path: Path, capsys: pytest.CaptureFixture[str]
) -> None:
    assert cli.main([*words, "--data", str(tmp_path / "dta")]) == 1
    assert "give the folder that `edge-hub run --data` has" in capsys.readouterr().err
    assert not (tmp_path / "dta").exists()


def test_a_person_gets_a_pin(
    tmp_path: Path, capsys: pytest.CaptureFixture[str], monkeypatch: pytest.MonkeyPatch
) -> None:
    data = ["--data", str(tmp_path)]
    assert cli.main(["user", "add", "li", "--role", "guard", *data]) == 0
    capsys.readouterr()
    assert cli.main(["user", "pin", "li", *data]) == 0
    pin = capsys.readouterr().out.strip()
    assert weakness_of(pin) is None
    assert cli.main(["user", "pin", "nobody", *data]) == 1
    monkeypatch.setattr("getpass.getpass", lambda _: "1234")
    assert cli.main(["user", "pin", "li", "--ask", *data]) == 1
    assert "too easy to guess" in capsys.readouterr().err
