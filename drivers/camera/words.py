"""What is said to people about a camera, in both languages: where to look, not which call failed."""

from __future__ import annotations

from collections.abc import Mapping
from typing import Final

from edge.domain.names import Text

WIDE: Final = 1280
"""Pixels; what is wider costs the decoder more than all checks together."""

STATES: Final[Mapping[str, Text]] = {
    "starting": Text("正在连接摄像机", "Connecting to the camera"),
    "ok": Text("画面正常", "The picture comes in"),
    "lost": Text(
        "画面中断:查摄像机电源与网络,正在重连",
        "The picture has stopped: check the camera's power and network; connecting again",
    ),
    "refused": Text(
        "摄像机拒绝连接:查端口号,以及摄像机是否开启 RTSP 或 HTTP 服务",
        "The camera refuses the connection: check the port, and whether its RTSP or HTTP service is on",
    ),
    "unknown-host": Text(
        "找不到该地址:查摄像机的域名或 IP 与本机 DNS",
        "There is no such host: check the camera's name or address, and this machine's DNS",
    ),
    "wrong-password": Text(
        "用户名或密码错误:查 username 与 password_file",
        "User name or password is wrong: check username and password_file",
    ),
    "no-stream": Text(
        "地址能连通但没有视频:查 url 中的码流路径",
        "The address answers, but there is no video: check the path of the stream in url",
    ),
    "wrong-codec": Text(
        "视频编码无法解码:在摄像机上改为 H.264,并使用子码流",
        "The video cannot be decoded: set the camera to H.264, and use the sub-stream",
    ),
    "frozen": Text(
        "画面静止:摄像机一再送来同一幅画面,重启摄像机",
        "The picture stands still: the camera sends the same one again and again; restart it",
    ),
    "blackout": Text(
        "画面全黑:查镜头遮挡、夜视灯与摄像机",
        "The picture is black: check the lens, its night light and the camera",
    ),
    "low-rate": Text(
        "画面太少:查网络带宽,或降低码流",
        "Too few pictures come: check the network, or lower the bit rate",
    ),
}
"""State of a beat -> the sentence about it."""

NOT_STARTED: Final = Text("尚未启动", "Not started yet")
NO_OPENCV: Final = Text(
    "摄像机功能未启用:未安装 OpenCV;安装 opencv-python 后重启本系统",
    "Cameras are off: OpenCV is not installed; install opencv-python and restart the hub",
)
SILENT: Final = Text("图像进程无响应,已重启", "The process of this camera was stuck and is started again")
NO_ROOM: Final = Text(
    "无法存放画面:内存盘不可写", "There is no place for pictures: no folder in memory can be written"
)
NO_STILLS: Final = Text(
    "这段时间没有画面,无法生成短片", "There are no pictures of that time to make a film of"
)
STOPPED: Final = Text("系统正在停止,短片未生成", "The hub is stopping: no film was made")
NO_FILM: Final = Text("短片生成失败", "The film could not be made")
TOO_SLOW: Final = Text("短片生成超时", "Making the film took too long")


def wide(width: int) -> Text:
    """To be said where all is well, of a stream of so many pixels, more than `WIDE`."""
    return Text(
        f"画面正常,但宽 {width} 像素,解码开销大:请改用子码流",
        f"The picture comes in, {width} pixels wide, which costs much to decode: use the sub-stream",
    )


def ended(last: str) -> Text:
    """The child ends by itself. last: its last words, "" without any."""
    words = f":{last}" if last else ""
    english = f": {last}" if last else ""
    return Text(
        f"图像进程自行退出,正在重启{words}",
        f"The process of this camera ends by itself and is started again{english}",
    )


def no_password(why: str) -> Text:
    """password_file cannot be read."""
    return Text(
        f"密码文件读不出:{why};查 password_file",
        f"The password cannot be read: {why}; check password_file",
    )
