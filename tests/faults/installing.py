"""`install`: the installer in a Debian of its own, made by debootstrap: broken off, finished, repeated, used, removed.

Nothing of this machine is touched: the program runs inside that system, its services by hand in a network of their own.
"""

from __future__ import annotations

import hashlib
import json
import os
import shutil
import signal
import ssl
import stat
import subprocess
import sys
import time
import urllib.error
import urllib.request
from collections.abc import Sequence
from pathlib import Path
from typing import Any, TextIO

ROOT = Path(__file__).parents[2]
SCRIPT = ROOT / "deploy/install.sh"
PROGRAMS = ("debootstrap", "chroot", "unshare", "mosquitto_pub", "systemd-analyze")
STANDARD = "systemd-sysv,procps,iproute2"  # what every Debian that runs on a machine has
UNITS = (
    "edge-hub.service",
    "edge-hub-broker.service",
    "edge-hub-certificates.timer",
    "edge-hub-requests.path",
)
KEPT = ("etc/edge-hub/site.toml", "var/lib/edge-hub/accounts.db", "etc/ssl/edge-hub/ca.key")
GONE = (
    "opt/edge-hub",
    "etc/default/edge-hub",
    "usr/local/bin/edge-hub",
    "etc/systemd/journald.conf.d/edge-hub.conf",
    "etc/systemd/system.conf.d/edge-hub.conf",
    "etc/chrony/sources.d/edge-hub.sources",
    "etc/systemd/system/chrony.service.d/edge-hub.conf",
    "etc/systemd/system/mosquitto.service",
    *(f"etc/systemd/system/{unit}" for unit in UNITS),
    "etc/systemd/system/multi-user.target.wants/edge-hub.service",
)
PURGED = ("etc/edge-hub", "var/lib/edge-hub", "etc/ssl/edge-hub", "etc/mosquitto/edge-hub")
SMOKE = ("zigbee2mqtt/sm-303", '{"smoke": true, "battery": 97, "linkquality": 120}')


def why_not() -> str:
    """Why it cannot be done here, "" when it can."""
    if os.geteuid() != 0:
        return "needs root: it makes a Debian system below a folder"
    missing = [name for name in PROGRAMS if shutil.which(name) is None]
    return f"not installed here: {', '.join(missing)}" if missing else ""


def run(folder: Path, out: TextIO, *, system: Path | None = None, bundle: Path | None = None) -> bool:
    """Do all of it and print what came of each; False when something is not as promised.

    system: a Debian made before, copied instead of a new one. bundle: made before by bundle.sh.
    """
    table = _Table(out)
    root = folder / "root"
    if system is None:
        _sh(["debootstrap", "--variant=minbase", f"--include={STANDARD}", _suite(), str(root), _mirror()])
    else:
        _sh(["cp", "-a", str(system), str(root)])
    if bundle is None:
        bundle = folder / "bundle"
        _sh(["sh", str(ROOT / "deploy/bundle.sh"), str(bundle)])
    command = ["sh", str(SCRIPT), "--root", str(root), "--offline", str(bundle)]

    table.check("broken off in the middle", _broken_off(command, root), "")
    took, code, said = _timed(command)
    table.check("run again over the half-finished one", code == 0, f"{took:.0f} s")
    table.check("a one-time code is shown once", said.count("name admin, one-time code") == 1, "")
    before = _snapshot(root)
    took, code, said = _timed(command)
    changed = sorted(set(before.items()) ^ set(_snapshot(root).items()))
    table.check("run once more", code == 0 and "name admin, one-time code" not in said, f"{took:.0f} s")
    table.check("that changed nothing", not changed, ", ".join(str(item[0]) for item in changed[:5]))
    verified = subprocess.run(
        ["chroot", root, "systemd-analyze", "verify", *UNITS], capture_output=True, text=True, check=False
    )
    table.check(
        "systemd-analyze verify", verified.returncode == 0 and not verified.stderr, verified.stderr[:200]
    )
    read = subprocess.run(["chroot", root, "chronyd", "-p"], capture_output=True, text=True, check=False)
    table.check("chrony takes its configuration", "rtconutc" in read.stdout.split(), read.stderr[-100:])
    for unit in UNITS[:2]:
        score = exposure(root / "etc/systemd/system" / unit)
        table.check(f"exposure of {unit}", score <= 2.5, f"{score}")
    inside = ["unshare", "-n", "-m", sys.executable, "-m", "tests.faults.installing", str(root)]
    answers = subprocess.run(inside, cwd=ROOT, capture_output=True, text=True, check=False)
    for line in answers.stdout.splitlines():
        what, good, detail = json.loads(line)
        table.check(what, good, detail)
    table.check(
        "its services ran", answers.returncode == 0, answers.stderr[-300:] if answers.returncode else ""
    )
    _, code, _ = _timed([*command[:4], "--uninstall"])
    there = [name for name in GONE if os.path.lexists(root / name)]
    table.check("uninstalled", code == 0 and not there, ", ".join(there))
    lost = [name for name in KEPT if not (root / name).exists()]
    table.check("data and configuration stayed", not lost, ", ".join(lost))
    _, code, _ = _timed([*command[:4], "--uninstall", "--purge"])
    there = [name for name in PURGED if (root / name).exists()]
    table.check("purged", code == 0 and not there, ", ".join(there))
    return table.good


class _Table:
    def __init__(self, out: TextIO) -> None:
        self._out = out
        self.good = True

    def check(self, what: str, good: bool, detail: str) -> None:
        self.good &= good
        self._out.write(f"{'ok' if good else 'FAILED':<8}{what:<52}{detail}\n")
        self._out.flush()


def exposure(unit: Path) -> float:
    """What `systemd-analyze security` makes of a unit file; 10 is worst."""
    said = subprocess.run(
        ["systemd-analyze", "security", "--offline=true", unit], capture_output=True, text=True, check=False
    )
    return float(said.stdout.partition("Overall exposure level for ")[2].split(": ")[1].split()[0])


def _sh(command: Sequence[str]) -> None:
    subprocess.run(command, check=True, stdout=subprocess.DEVNULL, stderr=subprocess.PIPE)


def _timed(command: Sequence[str]) -> tuple[float, int, str]:
    began = time.monotonic()
    done = subprocess.run(command, capture_output=True, text=True, check=False)
    if done.returncode:
        sys.stderr.write(done.stdout[-2000:] + done.stderr[-2000:])
    return time.monotonic() - began, done.returncode, done.stdout


def _broken_off(command: Sequence[str], root: Path) -> bool:
    """Kill the installer while it fills the program's environment."""
    with subprocess.Popen(
        command, start_new_session=True, stdout=subprocess.DEVNULL, stderr=subprocess.DEVNULL
    ) as process:
        deadline = time.monotonic() + 300
        while process.poll() is None and time.monotonic() < deadline:
            if list((root / "opt/edge-hub/releases").glob("*/lib/python3*/site-packages/numpy")):
                os.killpg(process.pid, signal.SIGKILL)
                break
            time.sleep(0.05)
    return not list((root / "opt/edge-hub/releases").glob("*/.complete"))


def _snapshot(root: Path) -> dict[str, tuple[Any, ...]]:
    """What each file below the places the installer writes to is: mode, owner, group, content."""
    found: dict[str, tuple[Any, ...]] = {}
    for place in ("etc", "opt", "usr/local", "var/lib/edge-hub", "var/lib/edge-hub-broker"):
        for path in (root / place).rglob("*"):
            info = path.lstat()
            content = hashlib.sha256(path.read_bytes()).hexdigest() if stat.S_ISREG(info.st_mode) else ""
            target = str(path.readlink()) if path.is_symlink() else ""
            found[str(path.relative_to(root))] = (info.st_mode, info.st_uid, info.st_gid, content, target)
    return found


def _apt_source(field: str) -> str:
    said = subprocess.run(
        ["apt-get", "indextargets", "--format", f"$({field})", "Created-By: Packages"],
        capture_output=True,
        text=True,
        check=True,
    )
    return said.stdout.splitlines()[0]


def _mirror() -> str:
    return _apt_source("REPO_URI")


def _suite() -> str:
    return _apt_source("CODENAME")


# ---- inside: a network of its own, the services as systemd would start them ----------------------------------------


def _tell(what: str, good: bool, detail: object = "") -> None:
    sys.stdout.write(json.dumps([what, good, str(detail)]) + "\n")
    sys.stdout.flush()


def _secret(root: Path, name: str) -> str:
    return (root / "etc/edge-hub/secrets" / name).read_text("ascii").strip()


def _publish(root: Path, account: str, password: str, *more: str) -> int:
    where = ["-h", "localhost", "-V", "mqttv5", "-q", "1", "-u", account, "-P", password]
    tls = [] if "-p" in more else ["-p", "8883", "--cafile", str(root / "etc/ssl/edge-hub/ca.crt")]
    done = subprocess.run(
        ["mosquitto_pub", *where, *tls, *more], capture_output=True, check=False, timeout=30
    )
    refused = (
        b"not authori" in done.stderr.lower()
    )  # MQTT 5 says it of each message; mosquitto_pub ends with 0
    return done.returncode or int(refused)


def _ask(root: Path, path: str, token: str = "") -> Any:
    trust = ssl.create_default_context(cafile=root / "etc/ssl/edge-hub/ca.crt")
    request = urllib.request.Request(f"https://127.0.0.1:8443{path}")
    if token:
        request.add_header("Authorization", f"Bearer {token}")
    with urllib.request.urlopen(request, timeout=10, context=trust) as answer:  # noqa: S310 - our own panel
        return json.load(answer)


def _patiently(seconds: float, question: Any) -> Any:
    deadline = time.monotonic() + seconds
    while True:
        try:
            if answer := question():
                return answer
        except (urllib.error.URLError, OSError, KeyError):
            pass
        if time.monotonic() > deadline:
            return None
        time.sleep(0.3)


def inside(root: Path) -> None:
    """Broker and hub as their units would start them, in this process' own network and mounts."""
    subprocess.run(["ip", "link", "set", "lo", "up"], check=True)
    for kind, place in (("proc", "proc"), ("tmpfs", "dev/shm"), ("tmpfs", "run")):
        (root / place).mkdir(exist_ok=True)
        subprocess.run(["mount", "-t", kind, kind, root / place], check=True)
    loads = [*_as(root, "edge-hub"), "/opt/edge-hub/current/bin/python", "-c", "import cv2"]
    seen = subprocess.run(loads, capture_output=True, text=True, check=False)
    _tell("OpenCV finds its libraries", seen.returncode == 0, seen.stderr[-100:])
    broker = _start(root, "mosquitto", "/usr/sbin/mosquitto", "-c", "/etc/mosquitto/edge-hub/mosquitto.conf")
    hub = _hub(root)
    try:
        zigbee = _secret(root, "mqtt-zigbee")
        listening = _patiently(20, lambda: _publish(root, "zigbee", zigbee, "-t", "zigbee2mqtt/x", "-n") == 0)
        _tell("a gateway comes in with TLS and its password", bool(listening))
        for what, arguments in {
            "a wrong password is refused": ("zigbee", "wrong", "-t", "zigbee2mqtt/x", "-n"),
            "an unknown account is refused": ("nobody", zigbee, "-t", "zigbee2mqtt/x", "-n"),
            "plain text on the TLS port is refused": ("zigbee", zigbee, "-p", "8883", "-t", "a", "-n"),
            "a foreign topic is refused": ("zigbee", zigbee, "-t", "site/gv-1203/up", "-m", "{}"),
            "what only the hub may say is refused": (
                "json",
                _secret(root, "mqtt-json"),
                "-t",
                "site/gv-1203/down",
                "-n",
            ),
        }.items():
            _tell(what, _publish(root, *arguments) != 0)
        began = time.monotonic()
        health = _patiently(
            120, lambda: (h := _ask(root, "/healthz"))["status"] in {"armed", "degraded"} and h
        )
        _tell("the hub becomes armed", health is not None, f"{time.monotonic() - began:.1f} s")
        made = subprocess.run(
            [
                *_as(root, "edge-hub"),
                "/opt/edge-hub/current/bin/edge-hub",
                "token",
                "add",
                "rehearsal",
                "--role",
                "admin",
                "--data",
                "/var/lib/edge-hub",
            ],
            capture_output=True,
            text=True,
            check=True,
        )
        token = made.stdout.split()[-1]
        _publish(root, "zigbee", zigbee, "-t", SMOKE[0], "-m", SMOKE[1])
        path = "/api/v1/alarms?state=open&signal=fire"
        found = _patiently(20, lambda: _ask(root, path, token)["items"])
        _tell("a fire alarm of a gateway arrives", bool(found))
        _before_the_way_back(root)
        hub.terminate()
        hub.wait(60)
        done = subprocess.run(
            ["chroot", root, "sh", "-ec", _way_back()], capture_output=True, text=True, check=False
        )
        said = "" if done.returncode == 0 else (done.stdout + done.stderr)[-200:]
        _tell("the way back, as README.md has it", done.returncode == 0, said)
        unit = (root / "etc/systemd/system/edge-hub.service").read_text("utf-8")
        _tell("its service is of the version before", "--of-newer" not in unit)
        hub = _hub(root)
        armed = _patiently(120, lambda: _ask(root, "/healthz")["status"] in {"armed", "degraded"})
        _tell("the version before is armed", bool(armed))
        kept = _patiently(20, lambda: _ask(root, path, token)["items"])
        _tell("the fire is still open", bool(kept) and kept[0]["id"] == found[0]["id"])
        _tell(
            "the gateway comes in as before",
            _publish(root, "zigbee", zigbee, "-t", "zigbee2mqtt/x", "-n") == 0,
        )
    finally:
        for process in (hub, broker):
            process.terminate()
            process.wait(20)
    _tell("both end when told to", hub.returncode == 0 and broker.returncode == 0)


def _before_the_way_back(root: Path) -> None:
    """What an upgrade leaves: a backup, and another release in use. In the place of systemd something that agrees."""
    script = """
mkdir -p /var/backups/edge-hub
edge-hub backup /var/backups/edge-hub/before-upgrade-DATE.backup --data /var/lib/edge-hub --site /etc/edge-hub
cp -a $(readlink /opt/edge-hub/current) /opt/edge-hub/releases/newer
ln -s $(readlink /opt/edge-hub/current) /opt/edge-hub/releases/THE-ONE-BEFORE
ln -sfn /opt/edge-hub/releases/newer /opt/edge-hub/current
sed -i 's/ run / run --of-newer /' /etc/systemd/system/edge-hub.service
ln -sf /bin/true /usr/local/bin/systemctl
"""
    subprocess.run(["chroot", root, "sh", "-ec", script], check=True, capture_output=True)


def _way_back() -> str:
    """The commands of deploy/README.md, as they stand there, and the stand-ins taken away again."""
    told = (ROOT / "deploy/README.md").read_text("utf-8").partition("```sh\nsudo -i\n")[2].partition("```")[0]
    assert "edge-hub restore" in told
    return f"{told}\nrm -f /usr/local/bin/systemctl"


def _hub(root: Path) -> subprocess.Popen[bytes]:
    options = (root / "etc/default/edge-hub").read_text().partition('EDGE_HUB_OPTIONS="')[2].partition('"')[0]
    return _start(
        root, "edge-hub", "/opt/edge-hub/current/bin/edge-hub", "run", "--site", "/etc/edge-hub",
        "--data", "/var/lib/edge-hub", "--listen", "0.0.0.0:8443", "--tls-cert", "/etc/edge-hub/tls/server.crt",
        "--tls-key", "/etc/edge-hub/tls/server.key", *options.split(),
    )  # fmt: skip


def _as(root: Path, user: str) -> list[str]:
    return ["chroot", str(root), "setpriv", f"--reuid={user}", f"--regid={user}", "--init-groups"]


def _start(root: Path, user: str, *command: str) -> subprocess.Popen[bytes]:
    return subprocess.Popen([*_as(root, user), *command], stdout=subprocess.DEVNULL, stderr=sys.stderr)


if __name__ == "__main__":
    inside(Path(sys.argv[1]))
