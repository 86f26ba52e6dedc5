"""Debian's own `upsd` with its `dummy-ups` driver, in a folder of the test."""

from __future__ import annotations

import getpass
import os
import socket
import subprocess
import time
from pathlib import Path
from typing import Final

# /sbin/upsd of Debian is a wrapper that asks the machine's nut.conf.
FOLDERS: Final = (Path("/lib/nut"), Path("/usr/libexec/nut"), Path("/usr/lib/nut"))
MISSING: Final = "Debian's nut-server is not installed (apt-get install nut-server)"


def program(name: str) -> Path | None:
    return next((folder / name for folder in FOLDERS if (folder / name).exists()), None)


class NutServer:
    """A UPS called "hub", whose values a test writes."""

    def __init__(self, folder: Path) -> None:
        self.folder = folder
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port: int = free.getsockname()[1]
        (folder / "s").mkdir(mode=0o700)
        files = {
            "ups.conf": "maxretry = 1\n[hub]\ndriver = dummy-ups\nport = hub.dev\npollinterval = 1\n",
            "upsd.conf": f"LISTEN 127.0.0.1 {self.port}\nMAXAGE 3\nSTATEPATH {folder / 's'}\n",
            "upsd.users": "[reader]\npassword = secret\n",
        }
        for name, text in files.items():
            (folder / name).write_text(text)
            (folder / name).chmod(0o600)
        self._processes: dict[str, subprocess.Popen[bytes]] = {}
        self.say("OL")

    def say(self, status: str, charge: str = "98", runtime: str = "28200") -> None:
        """The values that the UPS has from now on."""
        new = self.folder / "new"
        new.write_text(
            f"ups.status: {status}\nbattery.charge: {charge}\nbattery.runtime: {runtime}\noutput.voltage: 229.5\n"
        )
        new.replace(self.folder / "hub.dev")

    def start(self) -> None:
        if "dummy-ups" not in self._processes:
            self.start_driver()
        if "upsd" not in self._processes:
            self._run("upsd", "-u", getpass.getuser(), "-D", "-F")

    def start_driver(self) -> None:
        self._run("dummy-ups", "-u", getpass.getuser(), "-a", "hub", "-D")
        deadline = time.monotonic() + 30
        while not any((self.folder / "s").iterdir()):
            assert time.monotonic() < deadline, (self.folder / "dummy-ups.log").read_text()
            time.sleep(0.02)

    def end(self, name: str) -> None:
        process = self._processes.pop(name)
        process.terminate()
        process.wait(30)

    def stop(self) -> None:
        for name in [*self._processes]:
            self.end(name)

    def _run(self, name: str, *options: str) -> None:
        found = program(name)
        assert found is not None
        env = {**os.environ, "NUT_CONFPATH": str(self.folder), "NUT_STATEPATH": str(self.folder / "s")}
        env["NUT_PIDPATH"] = env["NUT_ALTPIDPATH"] = str(self.folder / "s")
        with (self.folder / f"{name}.log").open("ab") as log:
            self._processes[name] = subprocess.Popen(
                [found, *options], env=env, stdout=log, stderr=log, cwd=self.folder
            )
