"""What can be wrong between the hub and a camera, each with its mend; finer than `words.STATES`."""

from __future__ import annotations

from dataclasses import dataclass
from typing import Final

from edge.domain.names import Text


@dataclass(frozen=True, slots=True)
class Trouble:
    """fault: one of `edge.domain.camera.FAULTS`. detail: one plain sentence with the mend."""

    fault: str
    detail: Text


UNKNOWN_HOST: Final = Trouble(
    "unknown-host",
    Text("找不到该主机名:请检查地址与 DNS", "Nobody knows this host name: check the address and DNS"),
)
NO_DNS: Final = Trouble(
    "unknown-host",
    Text(
        "DNS 服务器不应答:请检查网络,或改用 IP 地址",
        "The name server does not answer: check the network, or use the IP address",
    ),
)
REFUSED: Final = Trouble(
    "refused",
    Text(
        "摄像机拒绝连接:请检查端口与视频服务是否开启(可能正在重启)",
        "The camera refuses the connection: check the port and that its video service is on (it may be restarting)",
    ),
)
BROKEN_OFF: Final = Trouble(
    "refused",
    Text(
        "摄像机接受连接后立即断开:请检查允许的地址与同时观看数",
        "The camera takes the connection and breaks it off: check its allowed addresses and number of viewers",
    ),
)
NO_TLS: Final = Trouble(
    "refused",
    Text("加密连接失败:请检查端口与协议", "No encrypted connection can be made: check port and protocol"),
)
NO_ANSWER: Final = Trouble(
    "lost",
    Text(
        "摄像机无应答:请检查供电、网线与地址",
        "The camera does not answer: check its power, cable and address",
    ),
)
NO_ROUTE: Final = Trouble(
    "lost",
    Text(
        "网络不通:请检查网线、交换机与网段", "No way to the camera: check cable, switch and network settings"
    ),
)
SILENT: Final = Trouble(
    "lost",
    Text(
        "摄像机可连接但不应答:请重启摄像机",
        "The camera takes the connection but does not answer: restart it",
    ),
)
NO_PICTURES: Final = Trouble(
    "lost",
    Text(
        "摄像机应答正常但不发送画面:请重启摄像机",
        "The camera answers but sends no pictures: restart it",
    ),
)
UNREADABLE: Final = Trouble(
    "lost",
    Text("该文件不是可读取的视频:请更换文件", "This file is no video that can be read: give another one"),
)
BREAKS: Final = Trouble(
    "lost",
    Text(
        "画面一再中断:请检查网络与同时观看数",
        "The pictures break off again and again: check the network and the number of viewers",
    ),
)
PASSWORD: Final = Trouble(
    "wrong-password",
    Text("用户名或密码错误:请更正密码文件", "User name or password is wrong: correct the password file"),
)
NO_PASSWORD: Final = Trouble(
    "wrong-password",
    Text(
        "摄像机要求用户名与密码,但未设置",
        "The camera asks for a user name and a password, and none is set",
    ),
)
FORBIDDEN: Final = Trouble(
    "wrong-password",
    Text("该账号无权观看:请在摄像机上授权", "This account may not view: allow it to, in the camera"),
)
NOT_FOUND: Final = Trouble(
    "no-stream",
    Text(
        "摄像机上没有该码流:请检查地址中的路径",
        "The camera has no such stream: check the path in its address",
    ),
)
NOT_RTSP: Final = Trouble(
    "no-stream",
    Text("该端口不是 RTSP 服务:请检查端口", "What answers there does not speak RTSP: check the port"),
)
NOT_HTTP: Final = Trouble(
    "no-stream",
    Text("该端口不是 HTTP 服务:请检查端口", "What answers there does not speak HTTP: check the port"),
)
WEB_PAGE: Final = Trouble(
    "no-stream",
    Text(
        "该地址是网页而非码流:请使用 MJPEG 码流地址",
        "There is a web page at this address, no stream: use the address of the MJPEG stream",
    ),
)
ONE_PICTURE: Final = Trouble(
    "wrong-codec",
    Text(
        "该地址只给出单张图片:请使用 MJPEG 码流地址",
        "This address gives single pictures: use that of the MJPEG stream",
    ),
)
NO_VIDEO: Final = Trouble(
    "wrong-codec", Text("码流中没有视频:请检查码流设置", "The stream has no video: check its settings")
)
GARBLED: Final = Trouble(
    "wrong-codec",
    Text(
        "收到的数据不是可解码的画面:请检查编码(应为 H.264、H.265 或 MJPEG)与网络",
        "What arrives is no picture: check the codec (H.264, H.265 or MJPEG) and the network",
    ),
)
NO_FILE: Final = Trouble("no-stream", Text("没有该视频文件", "There is no such video file"))
NO_CAMERA: Final = Trouble(
    "lost", Text("没有该 USB 摄像机:请检查是否插好", "There is no such USB camera: check its plug")
)
NOT_ALLOWED: Final = Trouble(
    "refused",
    Text(
        "无权打开:请检查文件权限(USB 摄像机需加入 video 组)",
        "No right to open it: check its permissions (a USB camera: the group video)",
    ),
)
IN_USE: Final = Trouble(
    "refused", Text("USB 摄像机正被其他程序占用", "The USB camera is in use by another program")
)


def wrong_codec(name: str) -> Trouble:
    """The stream is coded in a way that is not read here."""
    return Trouble(
        "wrong-codec",
        Text(
            f"码流编码为 {name}:请在摄像机上改为 H.264、H.265 或 MJPEG",
            f"The stream is coded as {name}: set the camera to H.264, H.265 or MJPEG",
        ),
    )


def status(code: int) -> Trouble | None:
    """What an answer other than 200 means; None where it says nothing of a fault."""
    known = {401: PASSWORD, 403: FORBIDDEN, 404: NOT_FOUND, 410: NOT_FOUND, 454: NOT_FOUND}
    if code < 400:
        return None
    return known.get(code) or Trouble(
        "no-stream",
        Text(
            f"摄像机无法提供码流(状态码 {code}):请检查码流设置,或重启摄像机",
            f"The camera cannot give the stream (status {code}): check its settings, or restart it",
        ),
    )
