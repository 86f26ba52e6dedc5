"""The tables of a scenario file, as they are written."""

from __future__ import annotations

from typing import Annotated, Any, Final, Literal

from pydantic import Field

from edge.settings.models import Bilingual, Id, Seconds, Table
from edge.tools.modem import Trouble

Action = Literal["dead", "alive", "offline", "online", "noise", "quiet", "unplug", "replug", "kill"]

FOR_DEVICES: Final = frozenset({"dead", "alive"})
FOR_ZIGBEE: Final = frozenset({"offline", "online"})  # devices of a bridge, and the bridge itself
FOR_BUSES: Final = frozenset({"noise", "quiet", "unplug", "replug"})
FOR_MODEMS: Final = frozenset({"unplug", "replug"})
FOR_INTERNET: Final = frozenset({"unplug", "replug"})
FOR_HUB: Final = frozenset({"kill"})
MODEM: Final = "at-modem"

FLAWS: Final = ("withhold", "wrong", "late")

Share = Annotated[float, Field(ge=0, le=1)]


class ShareTable(Table):
    """How often an answer on a noisy bus is spoilt, 0 to 1.

    noise: bytes around it that nobody sent. crc: a wrong bit. half: it ends in the middle.
    """

    noise: Share = 0.2
    crc: Share = 0.2
    half: Share = 0.1


DEFAULT_SHARE: Final = ShareTable()


class StepTable(Table):
    """One [[step]]: what happens to a device or a source, `at` seconds after the start.

    set: point id -> value. ramp: point id -> values it is led along, and `over` seconds. Values are in canonical
    units, a state is true while abnormal; they are checked against the device's profile.
    withhold, wrong, late: from now on the feedback of the device's outputs never comes, says something else, comes so
    many seconds late. after: it waits until the feedback of that device's output has confirmed an act.
    scene: what is seen from now on before a camera. outside: it happens to what is no device: the internet, or the hub
    itself.
    """

    at: Seconds
    device: Id | None = None
    source: Id | None = None
    outside: Literal["internet", "hub"] | None = None
    set: dict[str, Any] | None = Field(None, min_length=1)
    ramp: dict[str, Any] | None = Field(None, min_length=1)
    action: Action | None = None
    share: ShareTable | None = None
    withhold: Literal[True] | None = None
    wrong: Literal[True] | None = None
    late: Annotated[float, Field(gt=0, le=3600)] | None = None
    after: Id | None = None
    scene: str | None = Field(None, min_length=1)
    trouble: Annotated[Trouble, Field(strict=False)] | None = None
    text: Annotated[str, Field(min_length=1, max_length=670)] | None = None
    sender: str | None = Field(None, alias="from", min_length=1)


class HeadTable(Table):
    """What stands before the steps. text: what there is to see on the wall. fastest: see `Scenario`."""

    name: Bilingual
    text: Bilingual
    fastest: Annotated[float, Field(ge=1, le=100)] = 1.0
