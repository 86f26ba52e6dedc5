"""A small site for kills at chosen states: one flat with gas, a siren, the desk's tower, a modem, smoke detectors."""

from __future__ import annotations

import re
from datetime import datetime, timedelta
from pathlib import Path
from typing import Final
from zoneinfo import ZoneInfo

from edge.resources import config_root
from tests.integration.quick import quick_hazards

DETECTORS: Final = 200
ROUNDS: Final = 120
MINUTES: Final = 48
"""Minutes in which a duty of one minute comes due."""
ROUND: Final = "patrol"
STOPS: Final = ("cp-1", "cp-2")
PLAN: Final = "p1-kitchen-gas"
CHIEF: Final = "zhou-min"
OPERATORS: Final = ("liu-yang", "he-jun", "ma-chao", "luo-yong")
CREW: Final = ("sun-zhi", "qian-shifu", "anbang", "grid")
PHONES: Final = {
    "zhou-min": "19900000002", "liu-yang": "19900000014", "he-jun": "19900000021", "ma-chao": "19900000022",
    "luo-yong": "19900000023", "sun-zhi": "19900000041", "qian-shifu": "19900000042", "anbang": "19900000051",
    "grid": "19900000061",
}  # fmt: skip
"""As people.toml of the template site has them."""

_DETECTOR: Final = """
[[device]]
id = "{id}"
profile = "heiman-hs1sa"
name = {{ zh = "{id}", en = "{id}" }}
zone = "b3/s1/3f"
spot = {{ zh = "{id}", en = "{id}" }}
address = {{ dialect = "zigbee2mqtt", name = "{id}" }}
"""
_LINKAGE: Final = """\
[[linkage]]
id = "gas-valve"
name = { zh = "燃气报警关阀", en = "Gas alarm closes the valve" }
source = "practice"
when = { signal = "gas", category = "gas-detector", stage = 1 }
do = [{ kind = "valve", zone = "same", act = "close" }]
"""
_TEXTS: Final = ", ".join(f'{{ to = "person:{who}", by = ["sms"] }}' for who in OPERATORS)
_LADDER: Final = f"""\
[[policy]]
id = "fire"
applies = {{ signals = ["fire"] }}

[[policy.step]]
after = 0
calls = [{_TEXTS}, {{ to = "channel:wecom" }}]

[[policy.step]]
after = 8
calls = [{{ to = "person:{CHIEF}", by = ["ring"] }}]
"""
_CHANNELS: Final = """\
[[channel]]
id = "sms"
kind = "sms"
name = { zh = "短信", en = "SMS" }
modem = "modem-1"
silence = 4

[[channel]]
id = "ring"
kind = "ring"
name = { zh = "振铃呼叫", en = "Ring call" }
modem = "modem-1"

[[channel]]
id = "wecom"
kind = "apprise"
name = { zh = "企业微信群", en = "WeCom group" }
url_file = "secrets/wecom"
"""
_CHECKPOINT: Final = """
[[checkpoint]]
id = "{id}"
name = {{ zh = "{id}", en = "{id}" }}
zone = "b1"
code = "tag-{id}"
"""
_ROUTE: Final = """
[[route]]
id = "walk"
name = { zh = "巡更", en = "Round" }
stops = ["cp-1", "cp-2"]
"""
_DUTY: Final = """
[[duty]]
id = "{id}"
title = {{ zh = "{id}", en = "{id}" }}
kind = "{kind}"
recurrence = "FREQ=DAILY"
times = {times}
window_minutes = {minutes}
source = "practice"
crew = ["post:patrol"]
evidence = "C"
"""


def detector(n: int) -> str:
    """The id of the n-th smoke detector."""
    return f"fd-{n:03}"


def make_small(site: Path, group: str) -> None:
    """Make the template site in `site` a small one. group: Apprise address of the chat group."""
    for path in site.glob("*/*.toml"):
        if path.parent.name != "rules" and path.name != "building-1.toml":
            path.unlink()
    gas = site / "rules/gas.toml"
    gas.write_text(re.sub(r"off_delay = \d+", "off_delay = 1", gas.read_text("utf-8")), "utf-8")
    smoke = "".join(_DETECTOR.format(id=detector(n)) for n in range(1, DETECTORS + 1))
    for name, text in {
        "devices/smoke.toml": smoke,
        "linkage/gas.toml": _LINKAGE,
        "dispatch/fire.toml": _LADDER,
        "channels.toml": _CHANNELS,
        "secrets/wecom": group + "\n",
        "duties/walks.toml": _duties(),
        f"plans/{PLAN}.toml": _plan(),
        "hazards.toml": quick_hazards(3, 1, "gas-leak"),
    }.items():
        (site / name).parent.mkdir(exist_ok=True)
        (site / name).write_text(text, encoding="utf-8")


def _duties() -> str:
    """Rounds that are all due at once, and a duty that comes each minute, so that one is missed soon."""
    now = datetime.now(ZoneInfo("Asia/Shanghai"))
    begun = f"{now - timedelta(minutes=2):%H:%M}"
    soon = [f"{now + timedelta(minutes=n):%H:%M}" for n in range(MINUTES)]
    walks = "".join(
        _DUTY.format(id=f"walk-{n:03}", kind=ROUND, times=[begun], minutes=1440) + 'route = "walk"\n'
        for n in range(ROUNDS)
    )
    return (
        "".join(_CHECKPOINT.format(id=id) for id in STOPS)
        + _ROUTE
        + walks
        + _DUTY.format(id="minute", kind="check", times=soon, minutes=1)
    )


def _plan() -> str:
    """The shipped plan, whose verdict is late after two seconds; it has the one linkage there is."""
    text = (config_root() / "plans" / f"{PLAN}.toml").read_text(encoding="utf-8")
    head, mark, rest = text.partition('id = "verify"')
    head = re.sub(r"linkages = .*", 'linkages = ["gas-valve"]', head)
    return head + mark + re.sub(r"within = \d+", "within = 2", rest, count=1)
