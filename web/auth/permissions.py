"""Who may do what: the one table of it."""

from __future__ import annotations

from collections.abc import Mapping
from enum import Enum, auto
from typing import Final

from edge.facade import Role


class Perm(Enum):
    """One kind of act behind a route or a button."""

    SEE = auto()  # alarms, devices, values, health, and one's own session
    ACK = auto()  # 接警 / 知悉
    VERDICT = auto()
    RESET = auto()  # 复位, forced with a reason
    SHELVE = auto()
    COMMENT = auto()
    SILENCE = auto()  # 消音 of the desk
    JOURNAL = auto()  # who did what, sign-ins included
    METRICS = auto()
    DISPATCH = auto()  # 派单: open and cancel work orders
    WORK = auto()  # a crew's own steps: accept, depart, arrive, finish
    HAND = auto()  # hand an order on, take back one's own step, add photos, parts and remarks
    VERIFY = auto()  # 验收, 返工, approve a hold
    REPORT = auto()  # 隐患上报: report a hazard, add to it, say it is rectified, ask for more time
    DUTY = auto()  # 值守任务: walk rounds, tick duties, check facilities, upload a reader's file
    HAZARD = auto()  # grade, assign, strike out hazards; what is the manager's asks for the person's role
    HANDOVER = auto()  # sign a hand-over of the watch
    OUTAGE = auto()  # take a device out of service, put it back
    OPERATE = auto()  # switch outputs, switch linkage over
    TEST_CHANNEL = auto()  # have a channel send a short message
    AWAY = auto()  # take the wall's tone along on one's phone
    WALL = auto()  # make the screen one is signed in at a wall
    PIN = auto()  # change one's own PIN
    PHONES = auto()  # read people's telephone numbers
    COMMAND = auto()  # 预案启动, 应急结束: open an incident, all clear, close it
    SCENE = auto()  # steps of a plan, roll-call, reports from the scene
    CAMERA = auto()  # look at pictures of cameras with a reason, keep a film, write down who asks to see some
    ZONES = auto()  # draw zones and masks of cameras
    VIEWING = auto()  # decide who may see footage
    BACKUP = auto()  # have a backup made, see where backups are
    CLOCK = auto()  # set or confirm the hub's clock
    LOG = auto()  # download the hub's log


ALLOWED: Final[Mapping[Role, frozenset[Perm]]] = {
    Role.GUARD: frozenset(
        {Perm.SEE, Perm.ACK, Perm.VERDICT, Perm.RESET, Perm.SHELVE, Perm.COMMENT, Perm.SILENCE, Perm.JOURNAL}
        | {
            Perm.OPERATE,
            Perm.WALL,
            Perm.PIN,
            Perm.HANDOVER,
            Perm.OUTAGE,
            Perm.AWAY,
            Perm.TEST_CHANNEL,
            Perm.DISPATCH,
            Perm.HAND,
            Perm.VERIFY,
            Perm.REPORT,
            Perm.DUTY,
            Perm.HAZARD,
            Perm.COMMAND,
            Perm.SCENE,
            Perm.CAMERA,
        }
    ),
    # A crew repairs and reports what it found; the desk alone answers, silences and resets.
    Role.MAINTENANCE: frozenset(
        {
            Perm.SEE,
            Perm.SHELVE,
            Perm.COMMENT,
            Perm.METRICS,
            Perm.PIN,
            Perm.OUTAGE,
            Perm.WORK,
            Perm.HAND,
            Perm.REPORT,
            Perm.DUTY,
            Perm.SCENE,
        }
    ),
    Role.ADMIN: frozenset(Perm),
    # Silencing closes nothing and must work for whoever stands before the noise; all else asks for the person.
    Role.WALL: frozenset({Perm.SEE, Perm.SILENCE}),
}

NOT_AT_A_WALL: Final = frozenset(
    {Perm.JOURNAL, Perm.METRICS, Perm.AWAY, Perm.WALL, Perm.PIN, Perm.PHONES}
    | {Perm.CAMERA, Perm.ZONES, Perm.VIEWING, Perm.BACKUP, Perm.LOG, Perm.CLOCK}
)
"""What a PIN at a wall does not open: it wants a sign-in. Of footage a wall shows the stills of open alarms alone."""


def allows(role: Role, perm: Perm) -> bool:
    """Whether `role` may do what `perm` stands for."""
    return perm in ALLOWED[role]


def shows(role: Role, perm: Perm) -> bool:
    """Whether a page of `role` offers it: a wall offers what a person with a PIN may do at it."""
    return allows(role, perm) or (role is Role.WALL and perm not in NOT_AT_A_WALL)
