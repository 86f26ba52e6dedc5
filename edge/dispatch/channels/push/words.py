"""The child's sentences in both languages. What a service says itself stays as it said it. Pure."""

from __future__ import annotations

import re
from typing import Final

from edge.domain.names import Text

_ZH: Final = tuple(
    (re.compile(pattern, re.DOTALL), zh)
    for pattern, zh in (
        (r"TLS failed: .*", "TLS 连接失败:证书不受信任,或服务器不支持 TLS"),
        (r"the server did not answer in time", "服务器未及时应答"),
        (r"no connection to the server", "连接不上服务器"),
        (r"the server answers without an end", "服务器的应答没有结尾"),
        (r"the server redirects \((\d+)\): .*", r"服务器要求转到别的地址(\1):在文件中写最终地址"),
        (r"the server answers (\d+)", r"服务器应答 \1"),
        (r"the server answers with a web page, .*", "服务器应答的是网页,不是受理结果"),
        (r"the service answers without saying .*", "服务的应答未说明是否受理"),
        (r"the service refuses the message \((-?\d+)\): (.*)", r"服务拒绝该消息(\1):\2"),
        (r"the service refused the message", "服务拒绝该消息"),
        (r"the address file holds no address .*", "地址文件中没有可识别的地址"),
        (r"the server hangs: no answer within (\S+) s", r"服务器 \1 秒内无应答"),
        (r"only (\d+) messages a minute: waits (\S+) s", r"每分钟限 \1 条:\2 秒后再发"),
        (r"the child failed: (.*)", r"发送进程出错:\1"),
        (r"Apprise failed: (.*)", r"Apprise 出错:\1"),
    )
)


def said(error: str) -> Text:
    """A sentence of the channel or of its child, in both languages; one that is not known stays as it is."""
    for pattern, zh in _ZH:
        if (match := pattern.fullmatch(error)) is not None:
            return Text(match.expand(zh), error)
    return Text(error, error)
