"""Why a backup was not made, copied, tried or restored: a stable word, and one sentence with the mend."""

from __future__ import annotations

import errno
import re
from collections.abc import Mapping
from pathlib import Path
from typing import Final, Literal

from edge.domain.names import Text

Trouble = Literal[
    "foreign", "newer", "damaged", "passphrase", "not_empty", "missing", "busy", "space", "io", "changed",
    "no_folder", "own_disk", "no_program", "secret", "host_key", "refused", "full", "unreachable", "target",
    "hangs", "site", "replay", "defect",
]  # fmt: skip

_FULL: Final = frozenset({errno.ENOSPC, errno.EDQUOT, errno.EFBIG})

_SAID: Final[Mapping[str, str]] = {
    "foreign": "文件不是本平台的备份",
    "newer": "备份由更新版本的平台制作",
    "damaged": "备份损坏或不完整",
    "passphrase": "备份口令缺失、过短或不对",
    "not_empty": "目标文件夹不为空",
    "missing": "找不到所需的文件",
    "busy": "另一个备份正在进行",
    "space": "存储空间不足",
    "io": "磁盘读写出错,检查介质和权限",
    "changed": "备份时文件发生了变化",
    "no_folder": "备份文件夹不存在:插好备份介质,或新建该文件夹",
    "own_disk": "备份文件夹在平台自己的盘上:备份介质可能未插好;确实要存在本盘,请写 own_disk = true",
    "no_program": "未安装 rclone:apt install rclone",
    "secret": "密钥或密码文件无法读取",
    "host_key": "对方的密钥或证书与设置不符",
    "refused": "对方拒绝访问:检查账号、密钥和权限",
    "full": "对方空间已满:清理空间,或减小 keep",
    "unreachable": "连接不上对方,或对方不应答",
    "target": "对方未完整接收",
    "hangs": "操作超时,已中止",
    "site": "备份中的站点配置不能通过检查",
    "replay": "按日志重放的结果与备份不一致",
    "defect": "程序出错",
}
_IN_FULL: Final = frozenset(
    {"missing", "io", "damaged", "target", "hangs", "site", "replay", "defect", "secret"}
)
"""Whose sentence says more than the words above."""
_PLACE: Final = re.compile(r"(?:^| )(/[^:]+?)(?=:| is on |$)")


class BackupError(Exception):
    """A backup was not made, or not restored. trouble: a stable word; the message is one sentence with the mend."""

    def __init__(self, trouble: Trouble, sentence: str) -> None:
        super().__init__(sentence)
        self.trouble: Trouble = trouble

    @property
    def text(self) -> Text:
        """In both languages; what only the system knows stays in English."""
        said = _SAID[self.trouble]
        if self.trouble == "space" and (place := _PLACE.search(str(self))) is not None:
            said = f"{said}:{place[1]}"
        return Text(f"{said}({self})" if self.trouble in _IN_FULL else said, str(self))


def writing(error: OSError, path: Path, left: str) -> BackupError:
    """What an error of the system means while `path` is written. left: what became of what was there before."""
    if error.errno in _FULL:
        return BackupError("space", f"there is no room left for {path}: free some space; {left}")
    return BackupError("io", f"{path} cannot be written ({error.strerror}): check disk and rights; {left}")


def reading(error: OSError, path: Path) -> BackupError:
    """What an error of the system means while `path` is read."""
    if isinstance(error, FileNotFoundError):
        return BackupError("missing", f"there is no {path}")
    return BackupError("io", f"{path} cannot be read ({error.strerror}): check disk and rights")
