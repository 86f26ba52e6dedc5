"""What the words of a modem belong to: the command that was asked, a call, or nothing that is asked any more."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable

import pytest

from drivers.at_modem.session import RefusedError, Session


class Modem:
    """A line in memory that answers each thing written as `answers` has it, by how it begins."""

    def __init__(self, answers: dict[str, str | Callable[[], str]] | None = None) -> None:
        self.answers = answers or {}
        self.said = b""
        self.written: list[str] = []

    def write(self, data: bytes) -> None:
        text = data.decode("ascii").rstrip("\r")
        self.written.append(text)
        for begin, answer in self.answers.items():
            if text.startswith(begin):
                self.say(answer if isinstance(answer, str) else answer())

    def say(self, *lines: str) -> None:
        self.said += "".join(f"\r\n{line}\r\n" for text in lines for line in text.split("|")).encode()

    def read(self, until: float) -> bytes:
        if not self.said:
            threading.Event().wait(min(0.01, max(0.0, until - time.monotonic())))
        said, self.said = self.said, b""
        return said

    def stopping(self) -> bool:
        return False


def conversation(modem: Modem) -> Session:
    return Session(modem, 0.1)  # type: ignore[arg-type]


def test_a_call_that_ends_in_the_midst_of_a_text_neither_fails_the_text_nor_is_lost() -> None:
    modem = Modem({"AT+CMGS": ">", "00AA": "NO CARRIER|+CMGS: 5|OK", "AT+CLCC": "BUSY|OK"})
    session = conversation(modem)
    assert session.send("AT+CMGS=1", "00AA", 0.1, 0.1) == ["+CMGS: 5"]
    assert session.ask("AT+CLCC") == []
    assert [session.expect(0.0, "NO CARRIER", "BUSY") for _ in range(3)] == ["NO CARRIER", "BUSY", None]


def test_dialling_is_refused_by_the_end_of_its_own_call_and_of_no_earlier_one() -> None:
    modem = Modem({"ATD10086;": "OK", "ATD10010;": "BUSY"})
    session = conversation(modem)
    modem.say("NO CARRIER")
    assert session.ask("ATD10086;") == []
    with pytest.raises(RefusedError, match="BUSY"):
        session.ask("ATD10010;")


def test_what_is_left_of_an_answer_is_not_the_next_command_s() -> None:
    modem = Modem({"AT+CMGS": ">", "00AA": "+CMGS: 5|OK|ERROR", "AT+CSQ": "+CSQ: 20,99|OK"})
    session = conversation(modem)
    session.send("AT+CMGS=1", "00AA", 0.1, 0.1)
    assert session.ask("AT+CSQ") == ["+CSQ: 20,99"]
