"""A simulated modem: AT commands behind a real pseudo-terminal, phones that answer or not, and what goes wrong."""

from __future__ import annotations

import threading
import time
from collections.abc import Callable
from dataclasses import dataclass
from enum import Enum
from pathlib import Path
from typing import Final

from drivers.at_modem.pdu import Deliver, Joiner, decode_submit, encode_deliver, encode_report
from edge.domain.reading import ProtocolError
from edge.tools.plug import Plug

SLICE: Final = 0.05
RUBBISH: Final = b"\x00\xff\xfe\x81garbage\x00\r\n"
FAILED: Final = 0x46  # TP-ST: validity period expired (TS 23.040, 9.2.3.15)


class Trouble(Enum):
    """What is wrong with the modem."""

    NONE = "none"
    SILENT = "silent"
    ERROR = "error"
    GARBAGE = "garbage"
    NO_CREDIT = "no-credit"
    SIM_LOCKED = "sim-locked"
    NO_SIM = "no-sim"
    NO_NETWORK = "no-network"
    HANG = "hang"  # never answers to the body of a message


@dataclass(frozen=True, slots=True)
class SentText:
    """A text that left the modem, whole."""

    number: str
    text: str


@dataclass(frozen=True, slots=True)
class Call:
    """A call, once it is over. outcome: answered, no-answer, busy or hung-up."""

    number: str
    outcome: str


class SimulatedModem:
    """Reached through the symlink `path`.

    texts, calls: what has happened, oldest first. answers: numbers that pick up; engaged: those that are busy.
    reports: delivery reports are sent, arrives: saying that the text is there. trouble, echo: may change at any time.
    refuses: how commands begin that it answers with an error. hung: texts that it took and never answered.
    say: gets one line for each text and call.
    """

    def __init__(self, path: Path, say: Callable[[str], None] = lambda _: None) -> None:
        self.path = path
        self.texts: list[SentText] = []
        self.calls: list[Call] = []
        self.answers: set[str] = set()
        self.engaged: set[str] = set()
        self.trouble = Trouble.NONE
        self.refuses: tuple[str, ...] = ()
        self.reports = True
        self.arrives = True
        self.echo = True
        self.strength = 20
        self.hung = 0
        self._say = say
        self._joiner = Joiner()
        self._inbox: dict[int, str] = {}
        self._slots = 0
        self._reference = 0
        self._body = False
        self._calling: str | None = None
        self._received = bytearray()
        self._lock = threading.RLock()
        self._plug = Plug(path)
        self._stop = threading.Event()
        self._thread = threading.Thread(target=self._run, name=f"modem-{path.name}", daemon=True)

    def start(self) -> None:
        """Plug in and answer."""
        self.replug()
        self._thread.start()

    def stop(self) -> None:
        """Unplug and end the thread."""
        self._stop.set()
        if self._thread.is_alive():
            self._thread.join()
        self.unplug()

    def unplug(self) -> None:
        """The terminal vanishes, as when the modem is pulled."""
        self._plug.pull()

    def replug(self) -> None:
        """Another terminal appears behind the same symlink, and the modem has forgotten what it was doing."""
        with self._lock:
            if self._plug.plug():
                self._body, self._calling = False, None
                self._received.clear()

    def boot(self) -> None:
        """Start anew: rubbish on the line, then the words of a modem that is up."""
        with self._lock:
            self.echo, self._body, self._calling = True, False, None
            self._put(RUBBISH + b"\r\nRDY\r\n\r\n+CFUN: 1\r\n")

    def noise(self, data: bytes) -> None:
        """Put these bytes on the line."""
        with self._lock:
            self._put(data)

    def receive(self, sender: str, text: str) -> None:
        """A text comes in from the network; its parts are kept on the SIM until they are deleted."""
        with self._lock:
            for pdu in encode_deliver(sender, text, time.time_ns() // 1000, quarters=32):
                self._slots += 1
                self._inbox[self._slots] = pdu.hex().upper()
                self._line(f'+CMTI: "SM",{self._slots}')

    @property
    def calling(self) -> str | None:
        """The number of the call under way."""
        return self._calling

    @property
    def stored(self) -> int:
        """Texts on the SIM."""
        return len(self._inbox)

    def _run(self) -> None:
        while not self._stop.is_set():
            heard = self._plug.receive(SLICE)
            if heard is None:
                self._stop.wait(SLICE)
                continue
            with self._lock:
                for byte in heard:
                    self._take(byte)

    def _take(self, byte: int) -> None:
        if self.trouble is Trouble.SILENT:
            self._received.clear()
        elif byte == 0x1B:
            self._body = False
            self._received.clear()
        elif byte == 0x1A and self._body:
            self._body = False
            self._submit(self._text())
        elif byte in b"\r\n" and not self._body:
            command = self._text()
            if self.echo:
                self._put(command.encode() + b"\r")
            if command:
                self._command(command)
        else:
            self._received.append(byte)

    def _text(self) -> str:
        text = self._received.decode("ascii", "replace").strip()
        self._received.clear()
        return text

    def _command(self, command: str) -> None:
        sim = {Trouble.SIM_LOCKED: "+CME ERROR: 11", Trouble.NO_SIM: "+CME ERROR: 10"}.get(self.trouble)
        there = self.trouble is not Trouble.NO_NETWORK and sim is None
        if self.trouble is Trouble.GARBAGE:
            self._put(RUBBISH)
        elif (self.trouble is Trouble.ERROR and command != "AT") or command.startswith(self.refuses):
            self._line("ERROR")
        elif command in {"AT+CPIN?", "AT+CSQ", "AT+CREG?", "AT+CEREG?", "AT+COPS?"}:
            self._state(command, sim, there)
        elif command == "AT+CMGL=4" and sim is None:
            for slot, pdu in list(self._inbox.items()):
                self._line(f"+CMGL: {slot},0,,{len(pdu) // 2 - 1}")
                self._line(pdu)
            self._done()
        elif command.startswith("AT+CMGD="):
            self._inbox.pop(int(command.partition("=")[2]), None)
            self._done()
        elif command.startswith("AT+CMGS="):
            self._body = True
            self._put(b"\r\n> ")
        elif command.startswith("ATD"):
            self._dial(command[3:].rstrip(";"), sim or (None if there else "NO CARRIER"))
        elif command == "AT+CLCC":
            self._calls()
        elif command in {"AT+CHUP", "ATH"}:
            self._over("hung-up")
            self._done()
        elif command in {"AT", "ATE0", "ATE1"} or command.startswith(("AT+CMEE", "AT+CMGF", "AT+CNMI")):
            self.echo = command == "ATE1" if command.startswith("ATE") else self.echo
            self._done()
        else:
            self._line("ERROR" if sim is None else sim)

    def _state(self, command: str, sim: str | None, there: bool) -> None:
        if command == "AT+CPIN?" and self.trouble is Trouble.NO_SIM:
            self._line("+CME ERROR: 10")
        elif command == "AT+CPIN?":
            self._done("+CPIN: READY" if sim is None else "+CPIN: SIM PIN")
        elif command == "AT+CSQ":
            self._done(f"+CSQ: {self.strength if there else 99},99")
        elif command in {"AT+CREG?", "AT+CEREG?"}:
            self._done(f"{command[2:-1]}: 0,{1 if there else 2}")
        elif command == "AT+COPS?":
            self._done('+COPS: 0,0,"CHINA MOBILE",7' if there else "+COPS: 0")

    def _submit(self, body: str) -> None:
        refused = {
            Trouble.NO_CREDIT: "+CMS ERROR: 50",
            Trouble.SIM_LOCKED: "+CMS ERROR: 311",
            Trouble.NO_SIM: "+CMS ERROR: 310",
            Trouble.NO_NETWORK: "+CMS ERROR: 331",
        }.get(self.trouble)
        if self.trouble is Trouble.HANG:
            self.hung += 1
            return
        if refused is not None:
            self._line(refused)
            return
        try:
            message = decode_submit(bytes.fromhex(body.partition("> ")[2] or body)[1:])
        except (ProtocolError, ValueError):
            self._line("+CMS ERROR: 304")
            return
        self._reference = (self._reference + 1) % 256
        whole = self._joiner.add(Deliver(message.number, message.text, None, message.part))
        if whole is not None:
            self.texts.append(SentText(whole.sender, whole.text))
            self._say(f"text to {whole.sender}: {whole.text}")
        self._done(f"+CMGS: {self._reference}")
        if message.report and self.reports:
            status = 0 if self.arrives else FAILED
            pdu = encode_report(self._reference, message.number, status, time.time_ns() // 1000, quarters=32)
            self._line(f"+CDS: {len(pdu) - 1}")
            self._line(pdu.hex().upper())

    def _dial(self, number: str, refused: str | None) -> None:
        if refused is not None:
            self._line(refused)
        elif number in self.engaged:
            self._calling = number
            self._over("busy")
            self._line("BUSY")
        else:
            self._calling = number
            self._say(f"call to {number}")
            self._done()

    def _calls(self) -> None:
        if self._calling is None:
            self._done()
            return
        state = 0 if self._calling in self.answers else 3
        self._done(f'+CLCC: 1,0,{state},0,0,"{self._calling}",145')
        if state == 0:
            self._over("answered")

    def _over(self, outcome: str) -> None:
        if self._calling is not None:
            self.calls.append(Call(self._calling, outcome))
            self._say(f"call to {self._calling} is over: {outcome}")
            self._calling = None

    def _done(self, line: str | None = None) -> None:
        if line is not None:
            self._line(line)
        self._line("OK")

    def _line(self, text: str) -> None:
        if self.trouble is not Trouble.SILENT:
            self._put(f"\r\n{text}\r\n".encode())

    def _put(self, data: bytes) -> None:
        self._plug.send(data)
