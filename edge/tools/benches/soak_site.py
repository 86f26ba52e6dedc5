"""The site of `bench soak`: the demo community with its people, ladders, plans and duties, and so many devices more."""

from __future__ import annotations

import re
import sys
import threading
import time
from http.server import BaseHTTPRequestHandler, ThreadingHTTPServer
from pathlib import Path
from typing import Final

from edge.facade import Account, Role
from edge.settings import install_template, write_overrides
from edge.store.accounts import AccountFile
from edge.tools.benches.processes import until
from edge.tools.benches.report import BenchError
from edge.tools.benches.stand import Stand
from edge.tools.child import Child
from web.auth.secrets import digest, new_token

BUSES: Final = ("bus-1", "bus-2", "modem-1")
CREW: Final = "zhou-min"
"""Of the site's people.toml: who does what there is to do."""
_CAMERA: Final = re.compile(r'(?ms)\[\[camera.*|.*^address = [^\n]*dialect = "camera"')

_METER: Final = """\
maker = "edge-hub"
model = "soak-meter"
name = { zh = "仪表", en = "Meter" }
category = "meter"
dialect = "json"
source = "made for measuring the hub itself"
expect = 600

[[point]]
id = "value"
name = { zh = "温度", en = "Temperature" }
quantity = "temperature"
read = { pointer = "/value" }

[[point]]
id = "level"
name = { zh = "液位", en = "Level" }
quantity = "level"
read = { pointer = "/level" }
"""
_DEVICE: Final = """
[[device]]
id = "{id}"
profile = "{profile}"
name = {{ zh = "{id}", en = "{id}" }}
zone = "{zone}"
spot = {{ zh = "{id}", en = "{id}" }}
address = {{ dialect = "{dialect}", {key} = "{id}" }}
"""
_KINDS: Final = {
    "smoke": ("heiman-hs1sa", "b3/s1/3f", "zigbee2mqtt", "name"),
    "co": ("heiman-hs1ca", "ug/pump", "zigbee2mqtt", "name"),
    "meter": ("edge-hub-soak-meter", "b1", "json", "device"),
}
_SHARES: Final = {"smoke": 0.4, "co": 0.12}  # the rest are meters


def devices(count: int) -> dict[str, str]:
    """Kind of each of `count` devices, by id."""
    smoke, co = (round(count * _SHARES[kind]) for kind in ("smoke", "co"))
    kinds = ["smoke"] * smoke + ["co"] * co + ["meter"] * (count - smoke - co)
    return {f"soak-{kind}-{n:03}": kind for n, kind in enumerate(kinds, start=1)}


class _Group(BaseHTTPRequestHandler):
    """A chat group that takes everything."""

    def do_POST(self) -> None:
        self.rfile.read(int(self.headers["Content-Length"]))
        self.send_response(200)
        self.end_headers()

    def log_message(self, *_: object) -> None:
        """Nobody reads it."""


class Community(Stand):
    """The stand with the demo community, and the simulator that plays its own devices and modem."""

    listeners = ("zigbee", "json")

    def __init__(self, folder: Path | None, count: int) -> None:
        super().__init__(folder)
        self.devices = devices(count)
        self.crew_token = new_token()
        self._played: Child | None = None
        self._group = ThreadingHTTPServer(("127.0.0.1", 0), _Group)

    def furnish(self, site: Path, mqtt: tuple[str, int, str, Path]) -> None:
        """The template without its cameras, and the devices; the simulator runs before the hub does."""
        played = self.folder / "played"
        serial = {bus: str(self.folder / "serial" / bus) for bus in BUSES}
        for each in (played, site):
            install_template(each)
            _without_cameras(each)
            write_overrides(each, mqtt=mqtt, serial=serial)
        (site / "profiles").mkdir(exist_ok=True)
        (site / "profiles/edge-hub-soak-meter.toml").write_text(_METER, encoding="utf-8")
        (site / "devices/soak.toml").write_text(
            "".join(_device(id, kind) for id, kind in self.devices.items()), encoding="utf-8"
        )
        (site / "secrets").mkdir(mode=0o700, exist_ok=True)
        (site / "secrets/wecom").write_text(
            f"json://127.0.0.1:{self._group.server_port}/\n", encoding="utf-8"
        )
        AccountFile(self.folder / "data" / "accounts.db").put_token(
            digest(self.crew_token), Account(CREW, CREW, Role.ADMIN), "bench", time.time_ns() // 1000
        )
        threading.Thread(target=self._group.serve_forever, daemon=True).start()
        self._play(played)

    def __exit__(self, *exception: object) -> None:
        super().stop_hub()
        if self._played is not None:
            self._played.terminate()
            self._played.wait()
        self._group.shutdown()
        self._group.server_close()
        super().__exit__(*exception)

    def _play(self, played: Path) -> None:
        password = self.folder / "field-password"
        password.write_text(self.broker.account("field").password, encoding="utf-8")
        command = [sys.executable, "-m", "edge.cli", "simulate", "--site", str(played)]
        command += ["--mqtt", f"{self.broker.host}:{self.broker.port}", "--username", "field"]
        command += ["--password-file", str(password), "--serial-dir", str(self.folder / "serial")]
        self._played = Child("simulate", command, {}, self.folder / "simulate.log")
        self._played.start()
        ports = [self.folder / "serial" / bus for bus in BUSES]

        def there() -> bool:
            if self._played is not None and self._played.ended():
                raise BenchError(f"the simulator ended at once: {(self.folder / 'simulate.log').read_text()}")
            return all(port.exists() for port in ports)

        until(there, "the start of the simulator", within=60.0)


def _device(id: str, kind: str) -> str:
    profile, zone, dialect, key = _KINDS[kind]
    return _DEVICE.format(id=id, profile=profile, zone=zone, dialect=dialect, key=key)


def _without_cameras(site: Path) -> None:
    """Each camera is a process with OpenCV in it: they have a bench of their own."""
    for path in (site / "site.toml", *(site / "devices").glob("*.toml")):
        tables = re.split(r"(?m)^(?=\[\[)", path.read_text("utf-8"))
        path.write_text("".join(table for table in tables if not _CAMERA.match(table)), encoding="utf-8")
