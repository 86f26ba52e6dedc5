"""The plan, with a child of the test's: what is asked of it when, and what is told of its answers."""

from __future__ import annotations

import asyncio
from collections.abc import Callable, Mapping
from dataclasses import dataclass, field, replace
from datetime import UTC, time
from pathlib import Path
from typing import Any

import pytest

from edge.backup.ledger import FILE, Ledger
from edge.backup.schedule import Backups, Place
from edge.backup.trouble import BackupError
from edge.domain.backup import BackupPlan, S3Target, name_of
from edge.domain.instant import DAY, HOUR, MINUTE, SECOND, Instant
from edge.domain.request import Refusal
from edge.domain.storage import StoreLoss

START = 20_000 * DAY + 12 * HOUR
DUE = 20_001 * DAY + 2 * HOUR + 30 * MINUTE
NAS = S3Target("nas", "https://nas.example", "us-east-1", "b", "", "key", Path("secret"))
CAME_BACK = {"made_at": "x", "facts": 9, "readings": 8, "files": 7, "alarms": 1, "cases": 2}


@dataclass
class Desk:
    """A folder that is a dictionary, and everything that was asked and told."""

    data: Path
    plan: BackupPlan | None
    now: Instant = field(default_factory=lambda: Instant(START, 0, True))
    certain: bool = True
    there: dict[str, int] = field(default_factory=dict)
    own: bool = False
    fails: dict[str, BackupError] = field(default_factory=dict)
    asked: list[str] = field(default_factory=list)
    facts: list[tuple[str, str | None, Mapping[str, Any]]] = field(default_factory=list)
    at_nas: list[str] = field(default_factory=list)
    during: Callable[[], object] = lambda: None
    lost: list[StoreLoss] = field(default_factory=list)

    def __post_init__(self) -> None:
        self.backups = self.again()

    def again(self) -> Backups:
        """The hub starts anew."""
        place = Place("court", self.data, self.data / "site", UTC)
        self.backups = Backups(
            self.plan,
            place,
            self.tell,
            lambda: self.now,
            lambda _: self.certain,
            lambda: self.lost,
            self.work,
        )
        return self.backups

    async def tell(self, kind: str, by: str | None, body: Mapping[str, Any]) -> None:
        self.facts.append((kind, by, body))

    async def work(
        self, order: Mapping[str, Any], _within: float, done: Callable[[int], None]
    ) -> Mapping[str, Any]:
        do = order["do"]
        self.asked.append(do)
        if do in self.fails:
            raise self.fails[do]
        if do == "make":
            done(3)
            self.during()
            self.there[order["name"]] = 5
            gone = [name for name in sorted(self.there)[: -order["keep"]] if name not in order["held"]]
            for name in gone:
                del self.there[name]
            made = {
                "size": 5,
                "sha256": "aa",
                "facts": 9,
                "readings": 8,
                "pictures": 7,
                "missing": [],
                "problems": [],
            }
            return {"made": made, "gone": gone, "sizes": dict(self.there), "own": self.own}
        if do == "ship":
            assert order["target"]["id"] == "nas"
            self.at_nas.append(order["name"])
            return {"names": self.at_nas}
        if do == "rehearse":
            return {"rehearsed": CAME_BACK}
        return {"sizes": dict(self.there), "own": self.own}

    async def pass_(self, span: int) -> None:
        """So much time goes by, then the plan is looked at."""
        self.now = replace(self.now, utc=self.now.utc + span, mono=self.now.mono + span)
        await self.look()

    async def look(self) -> list[str]:
        """What was asked of the child."""
        self.asked.clear()
        assert self.plan is not None
        await self.backups.look(self.plan)
        return list(self.asked)

    def kinds(self) -> list[str]:
        return [kind for kind, _, _ in self.facts]


@pytest.fixture
def desk(tmp_path: Path) -> Desk:
    return Desk(
        tmp_path, BackupPlan(tmp_path / "medium", time(2, 30), keep=3, passphrase_file=tmp_path / "p")
    )


async def test_one_a_day_and_a_rehearsal_a_week(desk: Desk) -> None:
    assert await desk.look() == ["look", "make", "rehearse"], "there was none yet"
    assert await desk.look() == []
    await desk.pass_(DUE - SECOND - START)
    assert desk.asked == ["look"]
    await desk.pass_(SECOND)
    assert desk.asked == ["make"]
    for _ in range(6):
        await desk.pass_(DAY)
    assert desk.asked == ["look", "make", "rehearse"]
    assert [kind for kind in desk.kinds() if kind == "backup.rehearsed"] == ["backup.rehearsed"] * 2
    state = desk.backups.state()
    assert [one.name for one in state.kept] == sorted(desk.there, reverse=True)
    assert len(state.kept) == 3
    assert state.kept[0].rehearsal == state.last_rehearsal
    assert state.next_due == DUE + 7 * DAY
    assert desk.backups.check(desk.now)[0]
    kind, by, body = desk.facts[0]
    assert (kind, by, body["file"], body["sha256"]) == ("backup.made", None, name_of("court", START), "aa")


async def test_what_was_missed_while_off_is_made_up_for_once(desk: Desk) -> None:
    await desk.look()
    desk.now = Instant(START + 9 * DAY, 5, True)
    desk.again()
    assert await desk.look() == ["look", "make", "rehearse"]
    desk.again()
    assert await desk.look() == ["look"]


async def test_nothing_is_begun_while_the_clock_is_in_doubt(desk: Desk) -> None:
    desk.certain = False
    assert await desk.look() == ["look"]
    assert desk.backups.state().waits is not None
    with pytest.raises(Refusal) as refused:
        await desk.backups.ask("admin", None)
    assert refused.value.code == "clock"
    desk.certain = True
    assert "make" in await desk.look()


async def test_a_medium_that_was_unplugged_is_said_once_tried_hourly_and_used_when_it_is_back(
    desk: Desk,
) -> None:
    gone = BackupError("no_folder", "there is no folder /media/x: plug the medium in, or make the folder")
    desk.fails = {"look": gone, "make": gone}
    await desk.look()
    ok, said = desk.backups.check(desk.now)
    assert not ok
    assert "plug the medium in" in said.en
    assert "插好备份介质" in said.zh
    await desk.pass_(HOUR)
    await desk.pass_(HOUR)
    assert desk.asked == ["look", "make"]
    assert desk.kinds() == ["backup.failed"]
    desk.fails.clear()
    await desk.pass_(MINUTE)
    assert desk.asked == []
    await desk.pass_(HOUR)
    assert desk.asked == ["look", "make", "rehearse"]
    assert desk.backups.check(desk.now)[0]
    assert desk.backups.state().trouble is None


async def test_the_panel_still_knows_what_lies_on_a_medium_that_is_away(desk: Desk) -> None:
    await desk.look()
    desk.fails["look"] = BackupError("no_folder", "gone")
    desk.again()
    await desk.look()
    assert len(desk.backups.state().kept) == 1
    assert desk.backups.check(desk.now)[0], "the newest is young enough"
    desk.fails["make"] = desk.fails["look"]
    await desk.pass_(3 * DAY)
    assert not desk.backups.check(desk.now)[0]


async def test_by_hand_with_the_person_and_once_for_a_key(desk: Desk) -> None:
    await desk.look()
    seen = []
    desk.during = lambda: seen.append(desk.backups.state().job)
    name = await desk.backups.ask("admin", "admin/k1")
    assert desk.backups.state().job is not None
    assert await desk.backups.ask("wang", None) == name, "one that waits is theirs, too"
    assert await desk.look() == ["make"]
    (job,) = seen
    assert (job.step, job.by, job.done, job.all) == ("making", "admin", 3, 5)
    assert desk.backups.state().job is None
    assert await desk.backups.ask("admin", "admin/k1") == name
    assert await desk.look() == []
    told = {kind: (by, body["file"]) for kind, by, body in desk.facts[2:]}
    assert told == {"backup.asked": ("admin", name), "backup.made": ("admin", name)}
    assert desk.backups.state().kept[0].by == "admin"
    desk.again()
    assert await desk.backups.ask("admin", "admin/k1") == name, "also after a restart"
    assert len(desk.backups.state().kept) == 2


async def test_by_hand_where_none_are_planned(tmp_path: Path) -> None:
    desk = Desk(tmp_path, None)
    with pytest.raises(Refusal) as refused:
        await desk.backups.ask("admin", None)
    assert refused.value.code == "no_backup"
    desk.backups.start()
    await desk.backups.stop()
    assert desk.backups.check(desk.now)[0]


async def test_a_target_that_refuses_is_named_and_keeps_nothing_back(desk: Desk) -> None:
    assert desk.plan is not None
    desk.plan = replace(desk.plan, targets=(NAS,))
    desk.again()
    desk.fails["ship"] = BackupError("full", "the target is full: free some space there, or lower keep")
    assert await desk.look() == ["look", "make", "ship", "rehearse"]
    state = desk.backups.state()
    assert state.kept[0].where == ("folder",)
    assert state.kept[0].problem is not None
    assert state.kept[0].problem.en.startswith("nas: the target is full")
    ok, said = desk.backups.check(desk.now)
    assert ok
    assert "nas:对方空间已满" in said.zh
    await desk.pass_(HOUR)
    assert desk.asked == ["look", "ship"]
    assert desk.kinds().count("backup.not_copied") == 1
    for _ in range(3):
        await desk.pass_(DAY)
    assert desk.asked[:3] == ["look", "make", "ship"]
    assert not desk.backups.check(desk.now)[0], "for more than two days"
    desk.fails.clear()
    await desk.pass_(HOUR)
    assert desk.asked == ["look", "ship"]
    state = desk.backups.state()
    assert (state.kept[0].where, state.kept[0].problem) == (("folder", "nas"), None)
    assert desk.backups.check(desk.now)[0]
    assert desk.kinds()[-1] == "backup.copied"


async def test_a_rehearsal_that_fails_is_a_fault_until_one_passes(desk: Desk) -> None:
    desk.fails["rehearse"] = BackupError("damaged", "it was altered or cut off: take another backup")
    await desk.look()
    ok, said = desk.backups.check(desk.now)
    assert not ok
    assert "the last rehearsal failed: it was altered" in said.en
    assert desk.facts[-1][2]["ok"] is False
    desk.fails.clear()
    await desk.backups.ask("admin", None)
    assert await desk.look() == ["make", "rehearse"]
    assert desk.backups.check(desk.now)[0]


async def test_a_backup_on_the_hubs_own_disk_is_said_so(desk: Desk) -> None:
    desk.own = True
    await desk.look()
    assert desk.backups.state().own_disk
    assert "平台同在一块盘" in desk.backups.check(desk.now)[1].zh


async def test_a_damaged_ledger_is_begun_anew_from_what_is_there(desk: Desk) -> None:
    await desk.look()
    for content in (b"", b"\xff\x00", b"[]", b'{"kept": {"a": 1}}', (desk.data / FILE).read_bytes()[:-9]):
        (desk.data / FILE).write_bytes(content)
        desk.again()
        assert not desk.backups.state().kept
    assert await desk.look() == ["look"], "none is due: it was found in the folder"
    assert Ledger.read(desk.data).kept.keys() == desk.there.keys()


async def test_a_defect_does_not_end_it(desk: Desk, caplog: pytest.LogCaptureFixture) -> None:
    failed, made = asyncio.Event(), asyncio.Event()

    def fails(_instant: Instant) -> bool:
        failed.set()
        raise ZeroDivisionError

    async def tell(kind: str, _by: str | None, _body: Mapping[str, Any]) -> None:
        if kind == "backup.made":
            made.set()

    desk.backups._certain, desk.backups._told = fails, tell
    desk.backups.start()
    async with asyncio.timeout(30):
        await failed.wait()
        desk.backups._certain = lambda _: True
        await desk.backups.ask("admin", None)
        await made.wait()
    await desk.backups.stop()
    assert "a defect in backups" in caplog.text


def journal(desk: Desk, file: str | None = "journal.db.20241005T120000Z.corrupt") -> StoreLoss:
    return StoreLoss("journal", file, desk.now.utc, {})


async def test_those_from_before_the_journal_was_lost_stay_until_they_are_let_go(desk: Desk) -> None:
    for _ in range(4):
        await desk.pass_(DAY)
    before = sorted(desk.there)[-2:]
    desk.lost = [StoreLoss("telemetry", None, desk.now.utc, {}), journal(desk)]
    await desk.pass_(MINUTE)
    assert desk.facts[-1] == ("backup.held", None, {"files": before})
    state = desk.backups.state()
    assert (state.held, state.held_since) == (before, desk.now.utc - MINUTE)
    for _ in range(5):
        await desk.pass_(DAY)
    desk.again()
    await desk.pass_(DAY)
    assert set(before) <= desk.there.keys()
    assert len(desk.there) == 5, "three are kept, two are held"
    assert "2 from before the journal was lost" in desk.backups.check(desk.now)[1].en
    await desk.backups.release("wang")
    await desk.backups.release("wang")
    assert [(by, body) for kind, by, body in desk.facts if kind == "backup.released"] == [
        ("wang", {"files": before})
    ]
    await desk.pass_(DAY)
    assert len(desk.there) == 3
    assert desk.backups.state().held == []


async def test_a_loss_whose_time_is_wrong_holds_what_is_there(desk: Desk) -> None:
    await desk.look()
    desk.lost = [StoreLoss("journal", None, 0, {})]
    await desk.look()
    assert desk.backups.state().held == list(desk.there)


async def test_before_the_folder_was_seen_nothing_is_decided(desk: Desk) -> None:
    desk.there[name_of("court", START - DAY)] = 5
    desk.lost = [journal(desk)]
    desk.fails = {
        do: BackupError("no_folder", "there is no folder: plug the medium in") for do in ("look", "make")
    }
    await desk.look()
    assert "backup.held" not in desk.kinds()
    desk.fails.clear()
    await desk.pass_(HOUR)
    assert desk.backups.state().held == [name_of("court", START - DAY)], "and not the one just made"


async def test_of_many_losses_the_first_and_the_last_are_held_for(desk: Desk) -> None:
    for day in range(5):
        await desk.pass_(DAY)
        desk.lost = [journal(desk, f"journal.db.{day}.corrupt")]
        await desk.look()
    names = [name_of("court", START + day * DAY) for day in range(1, 6)]
    assert desk.backups.state().held == [names[0], *names[-2:]]
