"""`edge-hub simulate`: play the devices of a site over real brokers and buses, or tell a running simulator a story."""

from __future__ import annotations

import argparse
import os
import signal
import sys
from datetime import datetime, timedelta
from importlib.util import find_spec
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge.clock import SystemClock
from edge.domain.instant import HOUR
from edge.domain.site import Site
from edge.settings import SettingsError
from edge.tools.simulator import control, scenario
from edge.tools.simulator.cast import Means
from edge.tools.simulator.gateway import BrokerAddress
from edge.tools.simulator.simulator import Options, Simulator
from edge.tools.simulator.stage import BusyError

DONE: Final = 0
FAILED: Final = 1
MISUSE: Final = 2


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `simulate`."""
    play = parser.add_argument_group("to play the devices of a site")
    play.add_argument("--site", type=Path, metavar="DIR", help="the site's folder (default: here)")
    play.add_argument("--mqtt", type=_address, metavar="HOST:PORT", help="the broker the devices connect to")
    play.add_argument("--username", metavar="U", help="their account at the broker")
    play.add_argument("--password-file", type=Path, metavar="F", help="its first line is the password")
    play.add_argument(
        "--serial-dir", type=Path, metavar="DIR", help="make a serial port here for each bus, by its id"
    )
    play.add_argument(
        "--pictures",
        type=_port,
        metavar="PORT",
        help="show what the cameras see as MJPEG: http://127.0.0.1:PORT/<device> (0: a free port, which is said)",
    )
    play.add_argument(
        "--internet",
        type=_port,
        metavar="PORT",
        help="play a chat group on the internet: json://127.0.0.1:PORT/",
    )
    play.add_argument(
        "--hub-pid", type=Path, metavar="FILE", help="holds the hub's process id, for stories that kill it"
    )
    play.add_argument("--leave", nargs="+", default=[], metavar="DEVICE", help="devices never to touch")
    play.add_argument(
        "--gone",
        nargs="+",
        default=[],
        type=_gone,
        metavar="DEVICE=HOURS",
        help="Zigbee devices that have been out of contact for so long",
    )
    play.add_argument(
        "--compress",
        type=_positive,
        default=1.0,
        metavar="N",
        help="values take their daily course N times faster",
    )
    play.add_argument("--seed", type=int, default=0, metavar="N", help="of the noise (default: 0)")
    story = parser.add_argument_group("scenarios")
    story.add_argument(
        "--scenario", nargs="+", default=[], metavar="ID|PATH", help="play these, one after the other"
    )
    story.add_argument(
        "--speed", type=_positive, default=1.0, metavar="N", help="N times faster, where their files allow it"
    )
    story.add_argument("--reset", action="store_true", help="end what plays: all devices back to normal")
    story.add_argument("--list", action="store_true", help="print the scenarios and end")
    story.add_argument(
        "--control",
        type=Path,
        metavar="PATH",
        help="socket by which a running simulator is told what to play",
    )
    story.add_argument(
        "--data", type=Path, metavar="DIR", help="folder of the running demo, where that socket is"
    )


def command(arguments: argparse.Namespace) -> int:
    """With --mqtt, --serial-dir or --pictures, play until SIGTERM; else tell a running simulator what to do."""
    try:
        if arguments.list:
            return _list(arguments.site)
        if arguments.mqtt is None and arguments.serial_dir is None and arguments.pictures is None:
            return _tell(arguments)
        return _play(arguments)
    except (SettingsError, BusyError, control.ControlError) as error:
        _say(str(error))
    except BrokenPipeError:
        raise  # whoever read the list has seen enough: the command line's business
    except OSError as error:
        _say(f"{error.filename or 'the system'}: {error.strerror or error}")
    return FAILED


def _list(site: Path | None) -> int:
    for id, path in sorted(scenario.scenario_files(site).items()):
        name, text = scenario.read_head(path)
        print(f"{id}: {name.zh} / {name.en}\n    {text.zh}\n    {text.en}")
    return DONE


def _tell(arguments: argparse.Namespace) -> int:
    path = arguments.control or (arguments.data and arguments.data / control.NAME)
    if path is None or not (arguments.scenario or arguments.reset):
        _say(
            "nothing to play: give --mqtt, --serial-dir or --pictures to play a site's devices, or --scenario "
            "(or --reset) with the --data folder of a running demo"
        )
        return MISUSE
    names = [str(Path(name).resolve()) if name.endswith(".toml") else name for name in arguments.scenario]
    playing = control.ask(path, {"reset": arguments.reset, "play": names, "speed": arguments.speed})[
        "playing"
    ]
    _say(f"playing: {', '.join(playing)}" if playing else "all devices are back to normal")
    return DONE


def _play(arguments: argparse.Namespace) -> int:
    from edge.dialects import schemas
    from edge.settings import load_site

    site_dir = arguments.site or Path()
    site = load_site(site_dir, schemas())
    if unknown := set(arguments.leave) - site.devices.keys():
        _say(f"--leave: the site has no device {', '.join(sorted(unknown))}")
        return MISUSE
    now = SystemClock().now().utc
    gone = {id: now - round(hours * HOUR) for id, hours in arguments.gone}
    if strangers := [id for id in gone if not _behind_a_bridge(site, id)]:
        _say(f"--gone: the site has no Zigbee device {', '.join(strangers)}")
        return MISUSE
    broker = None
    if arguments.mqtt is not None:
        password = arguments.password_file and arguments.password_file.read_text("utf-8").partition("\n")[0]
        host, port = arguments.mqtt
        broker = BrokerAddress(host, port, arguments.username, password)
    where = arguments.control
    if where is None and arguments.serial_dir is not None:
        where = arguments.serial_dir.resolve().parent / control.NAME
    pictures = arguments.pictures if arguments.pictures is None or find_spec("cv2") is not None else None
    if pictures is not arguments.pictures:
        _say("no camera sees anything: OpenCV is missing here")
    means = Means(
        broker,
        arguments.serial_dir,
        frozenset(arguments.leave),
        arguments.seed,
        gone,
        pictures,
        _civil_hour(site.timezone),
        arguments.internet,
        arguments.hub_pid,
    )
    simulator = Simulator(site, Options(site_dir, means, where, arguments.compress), _say)
    for number in (signal.SIGTERM, signal.SIGINT):
        signal.signal(number, lambda *_: simulator.stop())
    try:
        simulator.start()
        if arguments.scenario:
            simulator.play(arguments.scenario, arguments.speed)
        simulator.run()
    finally:
        simulator.close()
    return DONE


def _civil_hour(timezone: str) -> float:
    """The hour of the day at the site, in a demo at the time it was told to begin at."""
    offset = timedelta(microseconds=int(os.environ.get("EDGE_HUB_DEMO_CIVIL_OFFSET", "0")))
    now = datetime.now(ZoneInfo(timezone)) + offset
    return now.hour + now.minute / 60 + now.second / 3600


def _behind_a_bridge(site: Site, id: str) -> bool:
    return id in site.devices and site.devices[id].profile.dialect == "zigbee2mqtt"


def _say(text: str) -> None:
    print(f"edge-hub simulate: {text}", file=sys.stderr, flush=True)


def _address(text: str) -> tuple[str, int]:
    host, _, port = text.rpartition(":")
    if not host or not port.isdigit() or not 0 < int(port) < 65536:
        msg = f"{text!r} is no HOST:PORT such as 127.0.0.1:1883"
        raise argparse.ArgumentTypeError(msg)
    return host.strip("[]"), int(port)


def _port(text: str) -> int:
    if not (text.isascii() and text.isdigit() and int(text) <= 65535):
        msg = f"{text!r} is no port, which is a number up to 65535"
        raise argparse.ArgumentTypeError(msg)
    return int(text)


def _gone(text: str) -> tuple[str, float]:
    id, _, hours = text.partition("=")
    return id, _positive(hours)


def _positive(text: str) -> float:
    number = float(text)
    if not 0 < number <= 100_000:
        msg = f"{text} is not between 0 and 100000"
        raise argparse.ArgumentTypeError(msg)
    return number
