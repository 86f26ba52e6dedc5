"""What goes wrong with a modem, in plain words, and whether trying again can help."""

from __future__ import annotations

from typing import Final

from edge.domain.names import Text

NOT_OPENED: Final = Text("尚未打开", "Not opened yet")
DOWN: Final = Text("短信模块未连接", "The modem is not connected")
SILENT: Final = Text(
    "串口已打开,但短信模块不应答:请检查供电与串口号(应为 AT 口)",
    "Open, but the modem does not answer: check its power, and that the port is the one for AT commands",
)
READY: Final = Text("短信模块正常", "The modem works")
NO_NETWORK: Final = Text("未注册到网络:请检查天线与信号", "No network: check antenna and signal")
NO_SIM: Final = Text("未插入 SIM 卡", "No SIM card is in the modem")
SIM_LOCKED: Final = Text(
    "SIM 卡已锁(需要 PIN 码):请在手机上关闭 PIN",
    "The SIM card asks for its PIN: switch the PIN off in a phone",
)
BARRED: Final = Text(
    "运营商拒绝发送:请检查话费余额与短信功能", "The operator refuses: check credit and the SMS service"
)
BAD_NUMBER: Final = Text("号码不正确", "This is no phone number")
TOO_LONG: Final = Text("短信过长", "The text is too long")

# 3GPP TS 27.005 3.2.5 and 27.007 9.2. Again helps unless the number is wrong (practice): a card is put back, credit is
# topped up, a modem finds its SIM late after a start, while the fire goes on.
_CMS: Final = {
    1: (Text("空号", "Nobody has this number"), False),
    8: (BARRED, True),
    10: (BARRED, True),
    21: (BARRED, True),
    28: (BAD_NUMBER, False),
    29: (BARRED, True),
    30: (BARRED, True),
    50: (BARRED, True),
    69: (BARRED, True),
    310: (NO_SIM, True),
    311: (SIM_LOCKED, True),
    312: (SIM_LOCKED, True),
    316: (SIM_LOCKED, True),
    330: (Text("未设置短信中心号码", "The SIM card has no service centre"), True),
    331: (NO_NETWORK, True),
    332: (Text("网络超时", "The network did not answer in time"), True),
}
_CME: Final = {
    10: (NO_SIM, True),
    11: (SIM_LOCKED, True),
    12: (SIM_LOCKED, True),
    13: (Text("SIM 卡故障", "The SIM card is faulty"), True),
    30: (NO_NETWORK, True),
    31: (_CMS[332][0], True),
    32: (NO_NETWORK, True),
}


def refusal(line: str) -> tuple[Text, bool]:
    """(why, whether again can help) of a final answer that is not OK."""
    kind, _, rest = line.partition(" ERROR:")
    code = int(rest) if rest.strip().isascii() and rest.strip().isdigit() else None
    known = {"+CMS": _CMS, "+CME": _CME}.get(kind, {}).get(code or 0)
    return known or (Text(f"短信模块报错:{line}", f"The modem answers {line}"), True)


def locked(sim: str) -> Text | None:
    """Why nothing can be sent in a state of the SIM; None when it is ready."""
    if sim == "ready":
        return None
    return NO_SIM if sim == "missing" else SIM_LOCKED
