"""Backups on the health page."""

from __future__ import annotations

from dataclasses import replace

from edge.domain.backup import BackupJob, BackupState
from edge.domain.names import Text
from tests.web.fake_backups import AT
from tests.web.fakes import FakeHub


async def test_last_backup_last_rehearsal_next_due_and_the_list(person, hub: FakeHub) -> None:
    guard = await person("guard")
    page = (await guard.get("/health")).text
    for words in (
        "上次备份",
        "5.0 MB",
        "上次演练还原",
        "还原 9 条记录",
        "下次备份",
        "平台自己的盘",
        "nas:连接不上",
        "王芳",
    ):
        assert words in page
    assert "data-backup" not in page, "a guard has none made"
    admin = await person("admin")
    assert "立即备份" in (await admin.get("/health")).text


async def test_one_under_way_is_shown_in_the_place_of_the_button(person, hub: FakeHub) -> None:
    job = BackupJob("copying", "a.backup", "admin", AT, "nas", 2_000_000, 4_000_000)
    hub.backups.stands = replace(hub.backups.stands, job=job)
    admin = await person("admin")
    page = (await admin.get("/health")).text
    assert "正在传到 nas" in page
    assert "2.0 MB / 4.0 MB" in page
    assert "data-backup" not in page


async def test_none_planned_and_a_clock_in_doubt(person, hub: FakeHub) -> None:
    admin = await person("admin")
    hub.backups.stands = replace(
        hub.backups.stands, kept=(), last_rehearsal=None, waits=Text("等待校时", "waits")
    )
    assert "等待校时" in (await admin.get("/health")).text
    hub.backups.stands = BackupState()
    page = (await admin.get("/health")).text
    assert "未设置备份" in page
    assert "data-backup" not in page


async def test_what_is_held_since_the_journal_was_lost_is_said_and_let_go(person, hub: FakeHub) -> None:
    admin = await person("admin")
    assert "backups/release" not in (await admin.get("/health")).text
    hub.backups.stands = replace(hub.backups.stands, held=["a-20260527T000000Z.backup"], held_since=AT)
    page = (await admin.get("/health")).text
    assert 'data-backup="/api/v1/backups/release"' in page
    assert "这里不再需要" in page
    guard = (await (await person("guard")).get("/health")).text
    assert "保留" in guard
    assert "backups/release" not in guard
