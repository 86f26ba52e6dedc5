"""Backups in memory: two that are there, and one that is asked for."""

from __future__ import annotations

from dataclasses import replace

from edge.domain.backup import BackupJob, BackupState, KeptBackup, Rehearsal
from edge.domain.instant import DAY, HOUR
from edge.domain.names import Text
from edge.domain.request import Refusal

AT = 1_780_000_000_000_000
PASSED = Rehearsal(AT + HOUR, ok=True, detail=Text("还原 9 条记录", "9 facts came back"))


class FakeBackups:
    """Set `stands` to anything; `asked` keeps who asked, with which key."""

    def __init__(self) -> None:
        self.asked: list[tuple[str, str | None]] = []
        self.stands = BackupState(
            folder="/media/edge-hub-backup",
            own_disk=True,
            sealed=True,
            targets=["nas"],
            kept=[
                KeptBackup("a-20260528T000000Z.backup", AT, 5_000_000, ("folder", "nas"), None, PASSED),
                KeptBackup(
                    "a-20260527T000000Z.backup", AT - DAY, 4_000_000, ("folder",), "admin", None,
                    Text("nas:连接不上", "nas: nothing answers"),
                ),
            ],
            last_rehearsal=PASSED,
            next_due=AT + DAY,
        )  # fmt: skip

    async def ask(self, by: str, key: str | None) -> str:
        if not self.stands.folder:
            raise Refusal("no_backup", "no backups are set up: add [backup] to site.toml")
        name = "a-20260528T010000Z.backup"
        self.asked.append((by, key))
        self.stands = replace(self.stands, job=BackupJob("making", name, by, AT + HOUR))
        return name

    async def release(self, by: str) -> None:
        self.asked.append((by, None))
        self.stands = replace(self.stands, held=(), held_since=None)

    def state(self) -> BackupState:
        return self.stands
