"""The state of a broker link in plain words, with the mend."""

from __future__ import annotations

import socket
import ssl
from dataclasses import dataclass
from typing import Final

from drivers._mqtt.config import BrokerSettings
from edge.domain.names import Text


@dataclass(frozen=True, slots=True)
class LinkState:
    """code: short and stable, for the log and tests; text: for the health page."""

    code: str
    text: Text


STARTING: Final = LinkState("starting", Text("尚未连接", "Not connected yet"))
STOPPED: Final = LinkState("stopped", Text("已停止", "Stopped"))
UNPROVEN: Final = LinkState(
    "unproven",
    Text("已连接,等待自发消息返回", "Connected, waiting for the hub's own message to come back"),
)

_REFUSALS: Final = {
    0x85: ("client_id", "服务器不接受本机的客户端标识", "the broker does not accept the hub's client id"),
    0x88: ("unavailable", "服务器暂不可用", "the broker is not available now"),
    0x89: ("busy", "服务器忙", "the broker is busy"),
    0x8A: ("banned", "服务器已封禁本机", "the broker has banned this hub"),
    0x97: ("quota", "超出服务器配额", "the broker's quota is exceeded"),
    0x9F: ("rate", "连接过于频繁", "the broker's connection rate is exceeded"),
}


def _where(broker: BrokerSettings) -> str:
    host, port = broker.address
    return f"{host}:{port}"


def up(version: str, *, session_lost: bool, refused: list[str]) -> LinkState:
    """Connected and proven. refused: filters the broker would not let us subscribe to."""
    if refused:
        names = ", ".join(refused)
        return LinkState(
            "up_partly",
            Text(
                f"已连接,但服务器拒绝订阅 {names}:请检查账号权限",
                f"Connected, but the broker refuses the subscription to {names}: check the account's rights",
            ),
        )
    if session_lost:
        return LinkState(
            "up_session_lost",
            Text(
                "已重新连接,但服务器丢失了会话:断线期间的消息可能已丢失",
                "Connected again, but the broker has lost the session: messages of the outage may be lost",
            ),
        )
    return LinkState("up", Text(f"已连接({version})", f"Connected ({version})"))


def refused(code: int, broker: BrokerSettings) -> LinkState:
    """The broker answered CONNECT with a refusal; code: MQTT 5 reason code (3.2.2.2)."""
    where = _where(broker)
    if code in {0x86, 0x87}:  # many brokers say "not authorised" for a wrong password
        name = broker.username or "-"
        return LinkState(
            "wrong_password",
            Text(
                f"用户名或密码错误:{where} 拒绝账号 {name},请检查 username 与密码",
                f"Wrong user name or password: {where} refuses the account {name}, check username and its password",
            ),
        )
    word, zh, en = _REFUSALS.get(code, ("refused_by_broker", f"原因码 {code}", f"reason code {code}"))
    return LinkState(word, Text(f"{where} 拒绝连接:{zh}", f"{where} refuses the connection: {en}"))


def subscription_refused(filters: list[str]) -> LinkState:
    """Not one of the filters was granted."""
    names = ", ".join(filters)
    return LinkState(
        "subscription_refused",
        Text(
            f"服务器拒绝订阅 {names}:请检查账号权限",
            f"The broker refuses the subscription to {names}: check the account's rights",
        ),
    )


def publishing_refused(topic: str) -> LinkState:
    """The broker does not take what the hub publishes."""
    return LinkState(
        "publishing_refused",
        Text(
            f"服务器拒绝发布 {topic}:请检查账号权限",
            f"The broker refuses what is published on {topic}: check the account's rights",
        ),
    )


def secret_missing(error: OSError | KeyError | UnicodeDecodeError, broker: BrokerSettings) -> LinkState:
    """The password's file or environment variable cannot be read."""
    what = broker.password_file or broker.password_env
    return LinkState(
        "no_password",
        Text(f"读不到密码({what}):{error}", f"The password cannot be read ({what}): {error}"),
    )


def unreachable(error: OSError | ValueError, broker: BrokerSettings) -> LinkState:
    """No connection came about."""
    where = _where(broker)
    if isinstance(error, socket.gaierror):
        return LinkState(
            "unknown_host",
            Text(
                f"找不到主机 {broker.host}:请检查 host 或域名解析",
                f"Unknown host {broker.host}: check host, or the name server",
            ),
        )
    if isinstance(error, ssl.SSLCertVerificationError):
        return LinkState(
            "tls_certificate",
            Text(
                f"{where} 的证书不可信({error.verify_message}):请检查 tls.ca 与 host",
                f"The certificate of {where} is not trusted ({error.verify_message}): check tls.ca and host",
            ),
        )
    if isinstance(error, ssl.SSLError):
        why = error.reason or str(error)
        return LinkState(
            "tls",
            Text(
                f"与 {where} 的加密连接失败({why}):该端口是否为 TLS 端口",
                f"The encrypted connection to {where} failed ({why}): is this its TLS port?",
            ),
        )
    if isinstance(error, ConnectionRefusedError):
        return LinkState(
            "refused",
            Text(
                f"{where} 拒绝连接:服务器未运行或端口不对",
                f"{where} refuses the connection: the broker does not run, or the port is wrong",
            ),
        )
    if isinstance(error, TimeoutError):
        return timeout(broker)
    if isinstance(error, FileNotFoundError | PermissionError):
        return LinkState(
            "tls_file", Text(f"读不到证书文件:{error}", f"A certificate file cannot be read: {error}")
        )
    return LinkState("unreachable", Text(f"连不上 {where}:{error}", f"{where} cannot be reached: {error}"))


def timeout(broker: BrokerSettings) -> LinkState:
    """Neither yes nor no."""
    where = _where(broker)
    return LinkState(
        "timeout",
        Text(
            f"{where} 没有应答:请检查网络与防火墙",
            f"{where} does not answer: check the network and the firewall",
        ),
    )


def unanswered(broker: BrokerSettings) -> LinkState:
    """Closed before it answered CONNECT."""
    where = _where(broker)
    return LinkState(
        "unanswered",
        Text(
            f"{where} 未应答即关闭连接:该端口是否需要 TLS,是否为 MQTT 服务器",
            f"{where} closed the connection without an answer: is it a TLS port, is it an MQTT broker?",
        ),
    )


def gone(broker: BrokerSettings, why: str = "") -> LinkState:
    """An established connection ended."""
    where, reason = _where(broker), why and f" ({why})"
    return LinkState(
        "broker_gone",
        Text(
            f"与 {where} 的连接中断{reason},正在重连",
            f"The connection to {where} broke{reason}, connecting again",
        ),
    )


def taken_over(broker: BrokerSettings) -> LinkState:
    """Another client uses our client id."""
    return LinkState(
        "taken_over",
        Text(
            f"另一客户端在 {_where(broker)} 使用了相同的客户端标识:请为其中一个改 hub",
            f"Another client uses the same client id at {_where(broker)}: give one of them another `hub`",
        ),
    )


def brief(broker: BrokerSettings) -> LinkState:
    """One connection after another broke within seconds; Mosquitto does not say when another client took over."""
    where = _where(broker)
    return LinkState(
        "brief",
        Text(
            f"与 {where} 的连接反复很快中断:是否另一客户端使用了相同的客户端标识,或服务器反复重启",
            f"The connection to {where} breaks again and again within seconds: does another client use the same client "
            "id (give one of them another `hub`), or does the broker restart over and over?",
        ),
    )


def silent(seconds: float, broker: BrokerSettings) -> LinkState:
    """Connected, yet neither a message nor the hub's own loop-back came."""
    where = _where(broker)
    return LinkState(
        "silent",
        Text(
            f"{seconds:.0f} 秒未收到任何消息,自发消息也未从 {where} 返回:正在重连,请检查账号对自发主题的权限",
            f"No message for {seconds:.0f} s and the hub's own does not come back from {where}: connecting again, "
            "check that the account may write and read the loop-back topic",
        ),
    )


def defect(error: Exception) -> LinkState:
    """A fault of the program; the log has the traceback."""
    return LinkState("defect", Text(f"程序错误:{error!r}", f"A defect of the program: {error!r}"))
