"""What the health check says of backups: pure, from what is known."""

from __future__ import annotations

from collections.abc import Mapping
from dataclasses import dataclass

from edge.domain.backup import MISSED, Rehearsal
from edge.domain.instant import DAY, HOUR, MINUTE
from edge.domain.names import Text


@dataclass(frozen=True, slots=True)
class Standing:
    """newest: µs UTC of the newest in the folder. failing: by target, (µs UTC since when, why). held: how many."""

    planned: bool
    newest: int | None
    rehearsal: Rehearsal | None
    failing: Mapping[str, tuple[int, Text]]
    trouble: Text | None
    own_disk: bool
    certain: bool
    held: int = 0


def check(known: Standing, utc: int) -> tuple[bool, Text]:
    """(in order, in one sentence). Out of order when the newest, or a target's last copy, is more than two days old,
    the last rehearsal failed, or there never was one and it does not work. A clock in doubt says nothing of age.
    """
    if not known.planned:
        return True, Text("未设置定时备份", "No backups are set up")
    ok = known.newest is not None or known.trouble is None
    troubles: list[Text] = []
    parts = [Text("尚无备份", "No backup yet")]
    if known.newest is not None:
        age = utc - known.newest
        ok = not known.certain or age <= MISSED
        parts = [Text(f"上次备份在{_zh(age)}", f"Last backup {_en(age)}")]
    if known.rehearsal is not None:
        age = utc - known.rehearsal.at
        if known.rehearsal.ok:
            parts.append(Text(f"{_zh(age)}演练还原成功", f"brought back in a rehearsal {_en(age)}"))
        else:
            ok = False
            why = known.rehearsal.detail
            troubles.append(Text(f"演练还原失败:{why.zh}", f"the last rehearsal failed: {why.en}"))
    elif known.newest is not None:
        parts.append(Text("尚未演练还原", "not rehearsed yet"))
    if known.own_disk:
        parts.append(
            Text("与平台同在一块盘上,盘坏则一并丢失", "on the hub's own disk, lost together with it")
        )
    if known.held:
        parts.append(
            Text(
                f"日志丢失前的 {known.held} 份备份已保留,待管理员确认",
                f"{known.held} from before the journal was lost are held until an administrator has answered",
            )
        )
    if known.trouble is not None:
        troubles.append(known.trouble)
    for id, (since, why) in known.failing.items():
        troubles.append(Text(f"{id}:{why.zh}", f"{id}: {why.en}"))
        ok = ok and (not known.certain or utc - since <= MISSED)
    if not known.certain:
        parts.append(Text("等待时钟校准", "it waits for a clock that is certain"))
    told = [*troubles, *parts]
    return ok, Text(";".join(part.zh for part in told), "; ".join(part.en for part in told))


def _zh(age: int) -> str:
    if age >= 2 * DAY:
        return f"{age // DAY}天前"
    if age >= HOUR:
        return f"{age // HOUR}小时前"
    return f"{age // MINUTE}分钟前" if age >= MINUTE else "刚才"


def _en(age: int) -> str:
    if age >= 2 * DAY:
        return f"{age // DAY} days ago"
    if age >= HOUR:
        return f"{age // HOUR} h ago"
    return f"{age // MINUTE} min ago" if age >= MINUTE else "just now"
