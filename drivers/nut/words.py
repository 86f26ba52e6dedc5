"""What is wrong between the hub and a UPS, in plain words with the mend. Codes: RFC 9271 clause 4.3."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge.domain.names import Text

NOT_YET: Final = Text("尚未连接", "Not connected yet")
WELL: Final = Text("通信正常", "All UPSs answer")
NONE_SET_UP: Final = Text("已连接,此服务未配置不间断电源", "Connected; no UPS is set up on this server")

_CODES: Final[dict[str, Text]] = {
    "ACCESS-DENIED": Text(
        "NUT 拒绝访问:检查 upsd.users 中的用户名和密码,以及 upsd.conf 允许的地址",
        "NUT denies access: check user name and password in upsd.users, and the addresses upsd.conf allows",
    ),
    "DATA-STALE": Text(
        "不间断电源无应答:检查它与主机之间的数据线",
        "The UPS does not answer its driver: check the cable between the UPS and its host",
    ),
    "DRIVER-NOT-CONNECTED": Text(
        "NUT 驱动未运行:在其主机上执行 upsdrvctl start",
        "The UPS's NUT driver does not run: upsdrvctl start on its host",
    ),
    "UNKNOWN-UPS": Text(
        "NUT 没有这个名称的不间断电源:名称以 ups.conf 为准",
        "NUT has no UPS of this name: it is the one in ups.conf",
    ),
    "INVALID-USERNAME": Text(
        "NUT 不认识此用户名:检查 upsd.users", "NUT does not know the user name: see upsd.users"
    ),
    "INVALID-PASSWORD": Text("NUT 密码错误:检查 upsd.users", "NUT refuses the password: see upsd.users"),
    "USERNAME-REQUIRED": Text(
        "NUT 需要用户名:在 [[nut]] 中填写", "NUT wants a user name: write it into [[nut]]"
    ),
    "PASSWORD-REQUIRED": Text(
        "NUT 需要密码:在 [[nut]] 中填写", "NUT wants a password: write it into [[nut]]"
    ),
    "UNKNOWN-COMMAND": Text(
        "此端口不是 NUT 服务,或版本太旧", "What answers at this port is no upsd, or a very old one"
    ),
}


def refusal(code: str) -> Text:
    """The sentence of an `ERR` code."""
    return _CODES.get(code) or Text(f"NUT 拒绝:{code}", f"NUT refuses: {code}")


def unreachable(host: str, port: int, why: str) -> Text:
    """The server cannot be talked to."""
    return Text(
        f"{host}:{port} 的 NUT 服务无法连接({why}):检查主机、网络与 upsd 是否运行",
        f"No NUT server at {host}:{port} ({why}): check the host, the network, and that upsd runs",
    )


def some(troubles: Mapping[str, Text]) -> Text:
    """Which UPSs give no data, and why."""
    return Text(
        ";".join(f"{ups}:{why.zh}" for ups, why in troubles.items()),
        "; ".join(f"{ups}: {why.en}" for ups, why in troubles.items()),
    )
