"""The bundle of an incident proves itself without the hub, and no byte of it can be changed unseen."""

from __future__ import annotations

import asyncio
import csv
import hashlib
import inspect
import io
import json
import sqlite3
import subprocess
import sys
import zipfile
from collections.abc import Mapping
from contextlib import closing
from dataclasses import replace
from pathlib import Path
from typing import Any

import pytest
from hypothesis import HealthCheck, given
from hypothesis import strategies as st

from edge.domain.fact import Fact
from edge.domain.footage import Finding, Shot, StillSet
from edge.domain.incident import Incident
from edge.domain.instant import HOUR, SECOND
from edge.domain.names import Text
from edge.domain.order import Photo
from edge.reports import verify
from edge.reports.asked import BundleAsked
from edge.reports.bundle import NothingThereError, write_bundle
from edge.store import audit
from edge.store.audit import flat_hash, link_hash, row_hash
from edge.store.case_rows import Case
from edge.store.journal import Entry
from tests.chance import examples
from tests.edge.reports.days import Days, at
from tests.edge.store.making import Desk, point, reading

JPEG = b"\xff\xd8 a picture \xff\xd9"
PHOTO = "202606-" + "0" * 32


def ignored(_: float) -> None:
    """Progress that nobody looks at."""


def incident(alarm: str, **changes: Any) -> Incident:
    made = Incident(
        id="inc-1-1", number=1, opened_at=at("08:00"), title=Text("火警", "Fire"), place=Text("3号楼", "Building 3"),
        signal="fire", priority="urgent", zone="b3", family="fire", area="", last_at=at("08:00"), alarm=alarm,
        alarms=(alarm,), count=1, plan="p2", plan_version="1",
    )  # fmt: skip
    return replace(made, **changes)


@pytest.fixture
async def asked(tmp_path: Path) -> BundleAsked:
    """A fire with a verdict, an incident, an order with a photo, readings, and other matters in between."""
    level = point("sm-1.smoke")
    async with Desk(tmp_path / "telemetry.db") as desk:
        start = (at("08:00") - 1_790_000_000 * SECOND // (24 * HOUR) * (24 * HOUR)) / SECOND
        await desk.store(*(reading(level, float(n), start + n * 60) for n in range(-30, 30)))
    async with Days(tmp_path / "journal.db") as days:
        await days.alarm(at("07:00"), id="al-other", acked=1, note=None)
        first = await days.alarm(
            at("08:00"), id="al-1", acked=9, verdict="real", note="=厨房明火", point=level.id
        )
        await days.case("incident", incident(first.id).to_dict(), "incident.opened")
        await days.alarm(at("08:01"), id="al-late", note="别人的话", zone="b9")
        refused = Fact(
            days.numbering.next(), "session.refused", at("08:02"), "wu", "", {"address": "10.0.0.7"}
        )
        await days.journal.commit(Entry(facts=[refused]))
        photo = Photo(PHOTO, "after", hashlib.sha256(JPEG).hexdigest(), "zhang", at("08:30"), 8, 8)
        await days.order(at("08:05"), 1, alarm=first.id, photos=(photo,))
        closed = incident(first.id, state="closed", closed_at=at("08:10"), closed_by="li")
        await days.tell("incident.closed", "incident", closed.to_dict(), at("08:10"), "li", "已处理")
        await days.alarm(at("09:00"), id="al-after")
    evidence = tmp_path / "evidence" / "2026" / "06"
    evidence.mkdir(parents=True)
    (evidence / f"{PHOTO}.jpg").write_bytes(JPEG)
    rule = tmp_path / "fire.toml"
    rule.write_text('[[rule]]\nid = "smoke"\n', encoding="utf-8")
    return BundleAsked(
        incident="inc-1-1", journal=tmp_path / "journal.db", telemetry=tmp_path / "telemetry.db",
        evidence=tmp_path / "evidence", now=at("09:30"), trusted=True, zone="Asia/Shanghai", version="0.1.0",
        site="和安苑", by="li", pictures=("st-1-7",), points=[("sm-1.smoke", "=烟感", "")],
        files=[(str(rule), "rules/fire.toml")], words={"alarm.raised": "报警"},
        names={"li": "李强"},
    )  # fmt: skip


async def made(asked: BundleAsked, path: Path) -> Mapping[str, Any]:
    with path.open("wb") as out:
        return await asyncio.to_thread(write_bundle, asked, out, ignored)


async def test_it_holds_everything_and_fits(asked: BundleAsked, tmp_path: Path) -> None:
    head = await made(asked, tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")
    problems, notes = verify.verify(files)
    assert problems == []
    assert head["seal"] in notes[0]
    cases = json.loads(files["cases.json"])
    assert [a["id"] for a in cases["alarm"]] == ["al-1"]
    assert [o["number"] for o in cases["order"]] == [1]
    assert files[f"photos/{PHOTO}.jpg"] == JPEG
    assert files["in-force/rules/fire.toml"].startswith(b"[[rule]]")
    text = files["readings.csv"].decode("utf-8-sig")
    table = list(csv.DictReader(io.StringIO(text)))
    assert (table[0]["time"], table[-1]["time"]) == ("2026-06-09T23:50:00.000Z", "2026-06-10T00:19:00.000Z")
    assert {row["name"] for row in table} == {"'=烟感"}
    page = files["index.html"].decode()
    assert "李强" in page
    assert "=厨房明火" in page
    # of other matters the hashes are handed on, for the chain, and nothing else
    facts = [json.loads(line) for line in files["journal/facts.jsonl"].splitlines()]
    assert sum(fact.keys() == {"number", "hash"} for fact in facts) == 2
    everything = b"".join(files.values())
    for foreign in ("al-late", "al-other", "别人的话", "10.0.0.7"):
        assert foreign.encode() not in everything


async def test_the_script_in_it_is_the_one_of_the_project_and_runs_alone(
    asked: BundleAsked, tmp_path: Path
) -> None:
    await made(asked, tmp_path / "b.zip")
    folder = tmp_path / "unpacked"
    with zipfile.ZipFile(tmp_path / "b.zip") as packed:
        packed.extractall(folder)
    assert verify.read(folder)["verify.py"].decode() == inspect.getsource(verify)
    run = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-I", "verify.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert (run.returncode, run.stdout.splitlines()[-2]) == (0, "FITS ITSELF / 自身校验通过")
    assert "bundle.exported" in run.stdout.splitlines()[-1]
    (folder / "clock.json").write_text("{}", encoding="utf-8")
    run = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, "-I", "verify.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "clock.json: differs" in run.stdout


@examples(150, bears=[HealthCheck.function_scoped_fixture])
@given(data=st.data())
async def test_any_byte_that_is_changed_is_found(
    asked: BundleAsked, tmp_path: Path, data: st.DataObject
) -> None:
    path = tmp_path / "b.zip"
    if not path.exists():
        await made(asked, path)
    files = verify.read(path)
    name = data.draw(st.sampled_from(sorted(files)))
    place = data.draw(st.integers(0, len(files[name]) - 1))
    change = data.draw(st.integers(1, 255))
    spoilt = bytearray(files[name])
    spoilt[place] ^= change
    assert verify.verify({**files, name: bytes(spoilt)})[0]
    assert verify.verify({key: value for key, value in files.items() if key != name})[0]


async def test_a_forger_who_renews_the_manifest_is_found_by_the_chain(
    asked: BundleAsked, tmp_path: Path
) -> None:
    """Whoever changes a file can write its new hash; what the facts say he cannot."""
    await made(asked, tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")

    def forged(name: str, before: bytes, after: bytes) -> list[str]:
        assert before in files[name]
        spoilt = {**files, name: files[name].replace(before, after, 1)}
        manifest = json.loads(spoilt["manifest.json"])
        manifest["files"][name] = hashlib.sha256(spoilt[name]).hexdigest()
        del manifest["seal"]
        spoilt["manifest.json"] = verify.dumped(verify.seal(manifest))
        return verify.verify(spoilt)[0]

    assert forged("cases.json", b'"real"', b'"false"')
    assert forged("journal/facts.jsonl", b"li", b"wu")
    assert forged("journal/facts.jsonl", "=厨房明火".encode(), "水汽".encode())
    lines = files["journal/facts.jsonl"].splitlines(keepends=True)
    assert forged("journal/facts.jsonl", lines[2], b"")
    assert forged(f"photos/{PHOTO}.jpg", b"picture", b"fiction")


def resealed(files: verify.Files) -> verify.Files:
    """As somebody leaves it who knows how the manifest is made."""
    manifest = json.loads(files["manifest.json"])
    manifest["files"] = {
        name: hashlib.sha256(content).hexdigest()
        for name, content in files.items()
        if name != "manifest.json"
    }
    del manifest["seal"]
    return {**files, "manifest.json": verify.dumped(verify.seal(manifest))}


async def test_a_case_that_the_facts_tell_of_cannot_be_left_out(asked: BundleAsked, tmp_path: Path) -> None:
    await made(asked, tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")
    cases = json.loads(files["cases.json"])
    cases["order"] = []
    problems, _ = verify.verify(resealed({**files, "cases.json": verify.dumped(cases)}))
    assert problems == ["order wo-1: facts of the extract tell of it, and it is not shown"]


async def test_own_words_cannot_be_passed_off_as_those_of_others(asked: BundleAsked, tmp_path: Path) -> None:
    await made(asked, tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")
    facts = [json.loads(line) for line in files["journal/facts.jsonl"].splitlines()]
    spoken = next(fact for fact in facts if "text" in fact)
    for key in ("text", "salt"):
        del spoken[key]
    spoken["withheld"] = True
    lines = "".join(f"{json.dumps(fact, ensure_ascii=False)}\n" for fact in facts)
    problems, _ = verify.verify(resealed({**files, "journal/facts.jsonl": lines.encode()}))
    assert any(f"fact {spoken['number']} of" in problem for problem in problems)


async def test_an_older_link_over_the_facts_themselves_still_fits(asked: BundleAsked, tmp_path: Path) -> None:
    with closing(sqlite3.connect(asked.journal)) as conn, conn:
        (previous,) = conn.execute("SELECT value FROM meta WHERE key = 'base'").fetchone()
        for first, last in conn.execute("SELECT first, last FROM chain ORDER BY first").fetchall():
            rows = conn.execute(
                "SELECT number, epoch, kind, time, by, subject, body, note FROM facts WHERE number BETWEEN ? AND ?",
                (first, last),
            ).fetchall()
            previous = flat_hash(previous, rows) if last < 9 else link_hash(previous, rows)
            conn.execute("UPDATE chain SET hash = ? WHERE first = ?", (previous, first))
    assert not [problem for problem in audit.verify(asked.journal).problems if "chain" in problem]
    await made(asked, tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")
    assert verify.verify(files)[0] == []
    assert "别人的话".encode() not in b"".join(files.values())


async def test_nothing_can_hide_below_a_folder_of_compiled_python(asked: BundleAsked, tmp_path: Path) -> None:
    folder = await unpacked(asked, tmp_path)
    (folder / "__pycache__").mkdir()
    (folder / "__pycache__" / "verify.cpython-311.pyc").write_bytes(b"x")
    assert verify.verify(verify.read(folder))[0] == []
    (folder / "photos" / "__pycache__").mkdir()
    for forged in (
        "__pycache__/evil.txt",
        "photos/__pycache__/forged.jpg",
        "photos/__pycache__/verify.x.pyc",
    ):
        (folder / forged).write_bytes(b"x")
        assert any(forged in problem for problem in verify.verify(verify.read(folder))[0])


@pytest.mark.parametrize("isolated", [(), ("-I",)])
async def test_no_module_beside_the_script_is_run(
    asked: BundleAsked, tmp_path: Path, isolated: tuple[str, ...]
) -> None:
    folder = await unpacked(asked, tmp_path)
    for name in ("json", "__future__", "zipfile"):
        (folder / f"{name}.py").write_text("print('FITS'); import sys; sys.exit(0)\n", encoding="utf-8")
    run = await asyncio.to_thread(
        subprocess.run,
        [sys.executable, *isolated, "verify.py"],
        cwd=folder,
        capture_output=True,
        text=True,
        check=False,
    )
    assert run.returncode == 1
    assert "json.py: the file does not belong to the bundle" in run.stdout


async def unpacked(asked: BundleAsked, tmp_path: Path) -> Path:
    await made(asked, tmp_path / "b.zip")
    with zipfile.ZipFile(tmp_path / "b.zip") as packed:
        packed.extractall(tmp_path / "unpacked")
    return tmp_path / "unpacked"


async def test_bytes_of_a_zip_that_are_of_no_file_are_refused(asked: BundleAsked, tmp_path: Path) -> None:
    await made(asked, tmp_path / "b.zip")
    whole = (tmp_path / "b.zip").read_bytes()
    other = io.BytesIO()
    with zipfile.ZipFile(other, "w") as forged:
        forged.writestr("index.html", "FORGED")
    folder, gap, comment = io.BytesIO(whole), io.BytesIO(whole), io.BytesIO(whole)
    with zipfile.ZipFile(folder, "a") as packed:
        packed.writestr("evil/", b"data")
    with zipfile.ZipFile(gap, "a") as packed:
        start = packed.start_dir
        packed.fp.seek(start)  # type: ignore[union-attr]
        packed.fp.write(other.getvalue())  # type: ignore[union-attr]
        packed.start_dir = packed.fp.tell()  # type: ignore[union-attr]
        packed.writestr("more.txt", b"")
    with zipfile.ZipFile(comment, "a") as packed:
        packed.comment = other.getvalue()
    for spoilt in (other.getvalue() + whole, folder.getvalue(), gap.getvalue(), comment.getvalue()):
        (tmp_path / "s.zip").write_bytes(spoilt)
        with pytest.raises(ValueError, match="no whole bundle"):
            verify.read(tmp_path / "s.zip")


async def test_a_bundle_that_was_packed_anew_is_one(asked: BundleAsked, tmp_path: Path) -> None:
    """By another program: with folders, and in one go."""
    folder = await unpacked(asked, tmp_path)

    class Pipe(io.BytesIO):
        def seekable(self) -> bool:
            return False

    with Pipe() as pipe:
        with zipfile.ZipFile(pipe, "w", zipfile.ZIP_DEFLATED) as packed:
            packed.mkdir("photos")
            for found in sorted(folder.rglob("*")):
                if found.is_file():
                    packed.write(found, found.relative_to(folder))
        (tmp_path / "again.zip").write_bytes(pipe.getvalue())
    assert verify.verify(verify.read(tmp_path / "again.zip"))[0] == []


async def test_erased_words_leave_it_provable(asked: BundleAsked, tmp_path: Path) -> None:
    async with Days(asked.journal) as days:
        await days.journal.erase(range(1, 50))
    await made(asked, tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")
    problems, notes = verify.verify(files)
    assert problems == []
    assert not any(" 0 with erased words" in note for note in notes)
    assert "=厨房明火".encode() not in b"".join(files.values())


async def test_a_photo_that_is_gone_is_named(asked: BundleAsked, tmp_path: Path) -> None:
    await made(replace(asked, evidence=tmp_path / "none"), tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")
    assert verify.verify(files)[0] == []
    assert json.loads(files["manifest.json"])["photos_missing"] == [PHOTO]


async def with_stills(asked: BundleAsked) -> tuple[str, str]:
    """A camera found something, and was asked for pictures: one is kept, one is missing, one is lost; their ids."""
    shots = (
        Shot("202606-" + "1" * 32, "before", at("07:59"), missing=Text("没有画面", "no picture")),
        Shot(
            "202606-" + "2" * 32,
            "at",
            at("08:00"),
            None,
            at("08:00"),
            hashlib.sha256(JPEG).hexdigest(),
            8,
            8,
            9,
        ),
        Shot("202606-" + "3" * 32, "clip", at("08:00"), at("07:59"), at("08:00"), "f" * 64),
    )
    kept = StillSet("st-1-7", at("08:00"), "cm-02", shots, at("08:00"), "al-1", "e" * 26)
    other = replace(kept, id="st-1-8", alarm="al-other", finding=None)
    found = Finding(
        "e" * 26, at("08:00"), "cm-02", "s", "flame", "flame", "", 0.8, at("08:00"), 1, (0.1, 0.2, 0.3, 0.4),
        {"flicker": 0.25}, alarm="al-1",
    )  # fmt: skip
    async with Days(asked.journal) as days:
        await days.case("finding", found.to_dict(), "finding.seen")
        await days.case("stills", kept.to_dict(), "stills.kept")
        await days.case("stills", other.to_dict(), "stills.kept")
    folder = asked.evidence / "stills" / "202606"
    folder.mkdir(parents=True)
    (folder / f"{shots[1].id}.jpg").write_bytes(JPEG)
    return shots[1].id, shots[2].id


async def test_pictures_of_cameras_are_left_out_for_who_may_not_see_them(
    asked: BundleAsked, tmp_path: Path
) -> None:
    await with_stills(asked)
    await made(replace(asked, pictures=()), tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")
    assert verify.verify(files)[0] == []
    assert not [name for name in files if name.startswith("stills/")]
    assert "未附" in files["index.html"].decode()


async def test_pictures_of_cameras_are_in_it_and_proved(asked: BundleAsked, tmp_path: Path) -> None:
    shown, lost = await with_stills(asked)
    await made(asked, tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")
    problems, notes = verify.verify(files)
    assert problems == []
    assert "1 photos, 1 pictures of cameras" in notes
    assert files[f"stills/{shown}.jpg"] == JPEG
    assert json.loads(files["manifest.json"])["photos_missing"] == [lost]
    cases = json.loads(files["cases.json"])
    assert [one["id"] for one in cases["stills"]] == ["st-1-7"]
    assert [one["alarm"] for one in cases["finding"]] == ["al-1"]
    page = files["index.html"].decode()
    assert "没有画面 no picture" in page
    assert f"stills/{shown}.jpg" in page
    forged = resealed({**files, f"stills/{shown}.jpg": JPEG.replace(b"picture", b"fiction")})
    assert f"stills/{shown}.jpg: no fact tells of this picture" in verify.verify(forged)[0]


async def test_pictures_that_several_alarms_share_are_of_each_of_their_incidents(
    asked: BundleAsked, tmp_path: Path
) -> None:
    await with_stills(asked)
    async with Days(asked.journal) as days:
        shot = Shot("202606-" + "4" * 32, "at", at("08:00"), missing=Text("没有画面", "no picture"))
        shared = StillSet("st-1-9", at("08:00"), "cm-02", (shot,), None, "al-other", others=("al-1",))
        await days.case("stills", shared.to_dict(), "stills.missing")
    await made(asked, tmp_path / "b.zip")
    cases = json.loads(verify.read(tmp_path / "b.zip")["cases.json"])
    assert [one["id"] for one in cases["stills"]] == ["st-1-7", "st-1-9"]


async def test_erased_pictures_are_said_to_be(asked: BundleAsked, tmp_path: Path) -> None:
    shown, _ = await with_stills(asked)
    async with Days(asked.journal) as days:
        gone = StillSet("st-1-7", at("08:00"), "cm-02", (Shot(shown, "at", 1, None, 1, "a" * 64),), 1, "al-1")
        gone = replace(gone, erased_at=at("09:00"))
        await days.case("stills", gone.to_dict(), "stills.erased")
    await made(asked, tmp_path / "b.zip")
    files = verify.read(tmp_path / "b.zip")
    assert verify.verify(files)[0] == []
    assert f"stills/{shown}.jpg" not in files
    assert "已删除 erased" in files["index.html"].decode()


async def test_what_the_journal_lost_is_said_and_no_forgery(asked: BundleAsked, tmp_path: Path) -> None:
    async with Days(asked.journal) as days:
        seq = days.numbering.next()
        row = incident("al-1", state="closed", closed_at=at("08:10"), closed_by="li", count=7).to_dict()
        entry = Entry(
            facts=[Fact(seq, "hub.healed", at("09:00"))], cases=[Case("incident", "inc-1-1", row)], lost=3
        )
        await days.journal.commit(entry)
    await made(asked, tmp_path / "b.zip")
    problems, notes = verify.verify(verify.read(tmp_path / "b.zip"))
    assert problems == []
    assert any("incident inc-1-1: its last facts never reached the journal" in note for note in notes)


async def test_an_incident_carried_over_from_a_damaged_journal_has_no_facts(
    asked: BundleAsked, tmp_path: Path
) -> None:
    async with Days(tmp_path / "new.db") as days:
        row = incident("al-1").to_dict()
        await days.journal.commit(Entry(facts=[], cases=[Case("incident", "inc-1-1", row)]))
    await made(replace(asked, journal=tmp_path / "new.db"), tmp_path / "b.zip")
    problems, notes = verify.verify(verify.read(tmp_path / "b.zip"))
    assert problems == []
    assert any("shown unproved" in note for note in notes)


async def test_no_such_incident(asked: BundleAsked, tmp_path: Path) -> None:
    with pytest.raises(NothingThereError):
        await made(replace(asked, incident="inc-9"), tmp_path / "b.zip")


ROW = st.tuples(
    st.integers(0, 2**40), st.integers(0, 99), st.text(), st.integers(0, 2**50), st.none() | st.text(), st.text(),
    st.dictionaries(st.text(), st.integers()).map(json.dumps), st.none() | st.text(),
)  # fmt: skip


@given(ROW)
def test_it_hashes_facts_as_the_journal_does(row: Any) -> None:
    keys = ("number", "epoch", "kind", "time", "by", "subject", "body", "note")
    fact = dict(zip(keys, row, strict=True))
    links = {link_hash(b"x", [row]).hex(), flat_hash(b"x", [row]).hex()}
    assert verify._links(b"x", [fact]) == links
    told = {"number": row[0], "hash": row_hash(row).hex()}
    assert verify._links(b"x", [told]) == {link_hash(b"x", [row]).hex()}


def test_what_is_no_bundle_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "x.zip").write_bytes(b"PK")
    (tmp_path / "empty").mkdir()
    assert verify.main([str(tmp_path / "x.zip")]) == 1
    assert verify.main([str(tmp_path / "empty")]) == 2
    assert "no whole bundle" in capsys.readouterr().err
