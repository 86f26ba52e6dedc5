"""Stores that were begun anew are told once, over restarts, and stand on the wall for a day."""

from __future__ import annotations

from collections.abc import Mapping, Sequence
from datetime import UTC, datetime
from pathlib import Path
from typing import Any

import pytest

from edge.domain.fact import Fact, Seq
from edge.domain.instant import DAY, Instant
from edge.facade import Unavailable
from edge.storage.losses import KIND, Losses
from edge.store.trouble import Loss

NOW = 1_790_000_000_000_000
ASIDE = "telemetry.db.20260601T080000Z.corrupt"
STORES = ("journal", "telemetry", "accounts", "mosquitto")


class Store:
    def __init__(self, *losses: Loss) -> None:
        self.losses: Sequence[Loss] = losses

    def glance(self) -> None:
        """There is no file."""


class Record:
    """A journal that may be sick."""

    def __init__(self) -> None:
        self.facts: list[Fact] = []
        self.sick = False

    async def note(self, kind: str, by: str | None, body: Mapping[str, Any]) -> None:
        if self.sick:
            raise Unavailable("sick")
        self.facts.append(Fact(Seq(1, len(self.facts) + 1), kind, NOW, by, "", body))

    async def recall(self, kind: str, limit: int) -> Sequence[Fact]:
        if self.sick:
            raise Unavailable("sick")
        return [fact for fact in self.facts if fact.kind == kind][:limit]


def at(days: float = 0) -> Instant:
    return Instant(NOW + round(days * DAY), round(days * DAY))


def losses(
    record: Record, *stores: Store, folders: Sequence[Path] = (), blemish: str | None = None
) -> Losses:
    return Losses(stores, folders, record.recall, record.note, lambda: blemish)


async def test_nothing_lost_is_in_order() -> None:
    watch = losses(Record(), Store())
    await watch.remember(at())
    await watch.look(at())
    assert all(watch.check(store, at())[0] for store in STORES)


async def test_a_loss_is_told_once_and_shown_for_a_day_over_restarts(tmp_path: Path) -> None:
    (tmp_path / ASIDE).touch()
    record = Record()
    store = Store(Loss("telemetry", ASIDE, {}))
    watch = losses(record, store, folders=[tmp_path])
    await watch.remember(at())
    ok, detail = watch.check("telemetry", at())
    assert not ok
    assert ASIDE in detail.en
    assert ASIDE in detail.zh
    for _ in range(3):
        await watch.look(at())
    assert [dict(fact.body) for fact in record.facts] == [
        {"store": "telemetry", "file": ASIDE, "saved": {}, "at": NOW}
    ]
    again = losses(record, Store(), folders=[tmp_path])
    await again.remember(at(0.5))
    await again.look(at(0.5))
    assert not again.check("telemetry", at())[0]
    assert all(again.check(store, at())[0] for store in STORES if store != "telemetry")
    assert len(record.facts) == 1
    await again.look(at(1))
    assert again.check("telemetry", at())[0]


async def test_a_journal_that_takes_nothing_is_told_later() -> None:
    record = Record()
    record.sick = True
    store = Store(Loss("journal", None, {"alarms": 2}))
    watch = losses(record, store)
    await watch.remember(at())
    for days in (0, 2):
        with pytest.raises(Unavailable):
            await watch.look(at(days))
        assert not watch.check("journal", at())[0], "what nobody could read of yet stays"
    record.sick = False
    await watch.look(at(2))
    assert [fact.body["saved"] for fact in record.facts] == [{"alarms": 2}]


async def test_a_store_that_is_lost_later_is_told_too() -> None:
    record, store = Record(), Store()
    watch = losses(record, store)
    await watch.remember(at())
    store.losses = [Loss("accounts", None, {"accounts": 0})]
    await watch.look(at())
    ok, detail = watch.check("accounts", at())
    assert not ok
    assert "edge-hub user" in detail.en
    assert "edge-hub user" in detail.zh


async def test_each_store_has_a_check_of_its_own() -> None:
    first, second = Store(Loss("telemetry", ASIDE, {})), Store()
    watch = losses(Record(), first, second)
    await watch.remember(at())
    second.losses = [Loss("accounts", None, {})]
    await watch.look(at(0.1))
    told = {store: watch.check(store, at(0.1)) for store in STORES}
    assert {store for store, (ok, _) in told.items() if not ok} == {"telemetry", "accounts"}
    assert "accounts" not in told["telemetry"][1].en


async def test_one_that_is_lost_once_more_passes_in_between_so_that_it_sounds_anew() -> None:
    record, store = Record(), Store(Loss("telemetry", ASIDE, {}))
    watch = losses(record, store)
    await watch.remember(at())
    await watch.look(at())
    assert not watch.check("telemetry", at())[0], "the first time is told at once"
    store.losses = [*store.losses, Loss("telemetry", None, {})]
    await watch.look(at(0.1))
    assert watch.check("telemetry", at(0.1))[0]
    await watch.look(at(0.2))
    ok, detail = watch.check("telemetry", at(0.2))
    assert not ok
    assert "gone" in detail.en


@pytest.mark.parametrize("end", ["corrupt", "gone"])
async def test_the_brokers_store_is_told_by_its_name(tmp_path: Path, end: str) -> None:
    record = Record()
    watch = losses(record, folders=[tmp_path, tmp_path / "none"])
    await watch.remember(at())
    (tmp_path / f"mosquitto.db.20260601T080000Z.{end}").touch()
    (tmp_path / "telemetry.db").touch()
    await watch.look(at())
    assert [(f.kind, f.body["store"]) for f in record.facts] == [(KIND, "mosquitto")]
    assert "mosquitto.db" in watch.check("mosquitto", at())[1].en


async def test_what_a_killed_hub_could_not_tell_is_told_by_the_next(tmp_path: Path) -> None:
    (tmp_path / ASIDE).touch()
    record = Record()
    watch = losses(record, Store(), folders=[tmp_path])
    await watch.remember(at())
    await watch.look(at())
    assert [fact.body["file"] for fact in record.facts] == [ASIDE]


def test_a_damaged_page_of_the_journal_is_said() -> None:
    ok, detail = losses(Record(), blemish="database disk image is malformed").check("journal", at())
    assert not ok
    assert "malformed" in detail.en


def named(store: str, seconds: float) -> str:
    """A file that was set aside so many seconds after NOW."""
    stamp = datetime.fromtimestamp(NOW / 1e6 + seconds, UTC)
    return f"{store}.db.{stamp:%Y%m%dT%H%M%SZ}.corrupt"


NOTHING = {"alarms": 0, "cases": 0, "devices": 0}


@pytest.mark.parametrize(
    ("saved", "en", "zh"),
    [
        (NOTHING, "nothing open could be carried over: look at the fire panel", "请查看火灾报警控制器"),
        ({**NOTHING, "cases": 1}, "what was open was carried over", "已带入新日志"),
        ({}, "is not known: look at the fire panel", "未知"),
    ],
)
@pytest.mark.parametrize("file", [None, named("journal", 0)])
async def test_what_became_of_what_was_open_is_said_as_it_is(
    file: str | None, saved: Mapping[str, int], en: str, zh: str
) -> None:
    watch = losses(Record(), Store(Loss("journal", file, saved)))
    await watch.remember(at())
    detail = watch.check("journal", at())[1]
    assert en in detail.en
    assert zh in detail.zh
    assert ("was carried over" in detail.en.replace("whether what was open was", "")) == bool(
        saved.get("cases")
    )


async def test_a_journal_that_is_lost_again_is_named_by_its_newest_file(tmp_path: Path) -> None:
    old = [named(store, -600) for store in ("journal", "telemetry")]
    new = named("journal", 0)
    for name in (*old, new):
        (tmp_path / name).touch()
    record = Record()
    watch = losses(record, Store(Loss("journal", new, NOTHING)), folders=[tmp_path])
    await watch.remember(at())
    detail = watch.check("journal", at())[1]
    assert new in detail.en
    assert old[0] not in detail.en
    assert "nothing open could be carried over" in detail.en
    await watch.look(at())
    later = losses(record, Store(), folders=[tmp_path])
    await later.remember(at(0.5))
    assert later.check("journal", at(0.5))[1] == detail


async def test_old_damage_is_no_new_one_when_the_journal_that_knew_it_is_lost(
    tmp_path: Path, caplog: pytest.LogCaptureFixture
) -> None:
    old = [named(store, -3 * 86400) for store in ("journal", "telemetry")]
    new = named("journal", 0)
    for name in (*old, new):
        (tmp_path / name).touch()
    record = Record()
    watch = losses(record, Store(Loss("journal", new, NOTHING)), folders=[tmp_path])
    await watch.remember(at())
    assert [one.file for one in watch.shown] == [new]
    await watch.look(at())
    assert [(fact.body["file"], fact.body.get("at")) for fact in record.facts] == [
        (new, NOW),
        *((name, NOW - 3 * DAY) for name in old),
    ]
    assert len([entry for entry in caplog.records if entry.levelname == "ERROR"]) == 1
    later = losses(record, Store(), folders=[tmp_path])
    await later.remember(at(0.5))
    await later.look(at(0.5))
    assert [one.file for one in later.shown] == [new]
    assert len(record.facts) == 3


async def test_files_the_new_journal_never_heard_of_are_no_new_damage_at_the_next_start(
    tmp_path: Path,
) -> None:
    record = Record()
    running = losses(record, Store(Loss("journal", named("journal", 0), NOTHING)))
    await running.remember(at())
    await running.look(at())
    (tmp_path / named("accounts", -5 * 86400)).touch()
    watch = losses(record, Store(), folders=[tmp_path])
    await watch.remember(at(2))
    assert watch.check("accounts", at(2))[0]
