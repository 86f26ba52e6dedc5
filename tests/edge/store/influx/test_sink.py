"""What each answer of a server leads to. The stand-in plays what only InfluxDB answers."""

from __future__ import annotations

import asyncio
import json
import subprocess
import sys
import time
from collections.abc import AsyncIterator, Callable
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import pytest

from edge.domain.names import Text
from edge.domain.site import Uplink
from edge.store.cursors import Entry
from edge.store.influx import sink as sink_module
from edge.store.influx.lines import Lines
from edge.store.influx.sink import InfluxSink
from tests.edge.store.influx.servers import (
    CUT,
    PROGRAM,
    WHY_NOT,
    Reply,
    Request,
    StandIn,
    VictoriaMetrics,
    said,
    takes_all,
)
from tests.edge.store.making import START, Clock

ROWS: list[Entry] = [(n, "bin.level", START + n * 1000, 1500, float(n), 0) for n in range(1, 101)]


@asynccontextmanager
async def sink(url: str, tmp_path: Path, **options: Any) -> AsyncIterator[InfluxSink]:
    token = tmp_path / "token"
    if not token.exists():
        token.write_text("secret-token\n")
    uplink = Uplink(
        "dc",
        "influxdb",
        Text("中心", "Centre"),
        url,
        "org",
        "bucket",
        **{"token_file": token, "timeout": 2, **options},
    )
    made = InfluxSink(uplink, Lines("court", lambda _id: None), Clock(), patience=(0.0, 0.0))
    try:
        yield made
    finally:
        await made.close()


async def test_rows_go_packed_with_the_token_in_one_request(tmp_path: Path) -> None:
    with StandIn(takes_all) as server:
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send(ROWS)
    (request,) = server.requests
    assert outcome.trouble is None
    assert not outcome.refused
    assert len(server.lines()) == 100
    assert request.headers["authorization"] == "Token secret-token"
    assert request.headers["content-encoding"] == "gzip"
    assert request.query == {"org": "org", "bucket": "bucket", "precision": "us"}


def test_the_client_is_imported_only_when_the_first_row_is_sent() -> None:
    script = "import sys, edge.assembly; print(*{'influxdb_client', 'reactivex'} & sys.modules.keys())"
    done = subprocess.run([sys.executable, "-c", script], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == ""


async def test_a_kept_connection_that_was_lost_is_noticed(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        return 204, {CUT: "after this"} if len(server.requests) == 3 else {}, b""

    with StandIn(answer) as server:
        async with sink(server.url, tmp_path) as one:
            fresh = [(await one.send(ROWS)).fresh for _ in range(3)]
            assert await asyncio.to_thread(server.cut.wait, 30)
            fresh += [(await one.send(ROWS)).fresh for _ in range(2)]
    assert fresh == [False, False, False, True, False]


async def test_a_server_that_never_keeps_a_connection_is_not_taken_for_one_that_restarts(
    tmp_path: Path,
) -> None:
    with StandIn(lambda _request: (204, {"Connection": "close"}, b"")) as server:
        async with sink(server.url, tmp_path) as one:
            fresh = [(await one.send(ROWS)).fresh for _ in range(5)]
    assert not any(fresh)


async def test_unpacked_where_it_is_asked_for(tmp_path: Path) -> None:
    with StandIn(takes_all) as server:
        async with sink(server.url, tmp_path, compress=False) as one:
            await one.send(ROWS)
    assert "content-encoding" not in server.requests[0].headers


@pytest.mark.parametrize(
    ("reply", "word", "slow", "wait"),
    [
        (said(401, "unauthorized access"), "the token is refused", True, None),
        (said(403, "forbidden"), "may not write", True, None),
        (said(429, "slow down", **{"Retry-After": "7"}), "takes nothing now (429)", False, 7.0),
        (said(503, "busy", **{"Retry-After": "3"}), "takes nothing now (503)", False, 3.0),
        (said(503, "busy", **{"Retry-After": "soon"}), "takes nothing now (503)", False, None),
        (said(503, "busy", **{"Retry-After": "\xb2"}), "takes nothing now (503)", False, None),
        ((302, {"Location": "http://elsewhere.example/"}, b""), "redirects to http://elsewhere.example/", True, None),
        ((200, {"Content-Type": "text/html"}, b"<html>log in</html>"), "is no InfluxDB", True, None),
        ((404, {"Content-Type": "text/html"}, b"<html>no</html>"), "is no InfluxDB", True, None),
        ((400, {"Content-Type": "text/html"}, b"<html>bad</html>"), "is no InfluxDB", True, None),
        ((502, {}, b"\xff\xfe"), "does not answer", False, None),
        (said(404, 'organization name "org" not found'), "not on the server", True, None),
    ],
)  # fmt: skip
async def test_trouble_keeps_the_batch_and_says_why(
    reply: Reply, word: str, slow: bool, wait: float | None, tmp_path: Path
) -> None:
    with StandIn(lambda _request: reply) as server:
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send(ROWS)
    assert outcome.trouble is not None
    assert word in outcome.trouble.text.en
    assert (outcome.trouble.slow, outcome.trouble.wait) == (slow, wait)
    assert "secret-token" not in outcome.trouble.text.en
    assert len(server.requests) == 1


async def test_a_redirect_is_not_followed_with_the_token(tmp_path: Path) -> None:
    with (
        StandIn(takes_all) as thief,
        StandIn(lambda _request: (307, {"Location": f"{thief.url}/api/v2/write"}, b"")) as server,
    ):
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send(ROWS)
    assert outcome.trouble is not None
    assert not thief.requests


async def test_too_large_a_request_is_halved_and_stays_small(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        return said(413, "too large") if len(request.lines) > 30 else takes_all(request)

    with StandIn(answer) as server:
        async with sink(server.url, tmp_path) as one:
            first, second = await one.send(ROWS), await one.send(ROWS)
    assert first.trouble is second.trouble is None
    assert sorted(server.there.values()) == [2] * 100
    assert [len(r.lines) for r in server.requests][-4:] == [25] * 4


async def test_one_oversized_line_is_set_aside_and_slows_nothing_down(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        oversized = any("value=13.0" in line for line in request.lines)
        return said(413, "too large") if oversized else takes_all(request)

    with StandIn(answer) as server:
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send(ROWS)
            await one.send(ROWS[50:])
    assert len(outcome.refused) == 1
    assert len(server.there) == 99
    assert len(server.requests[-1].lines) == 50


async def test_requests_grow_again_when_the_server_takes_more(
    tmp_path: Path, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sink_module, "TRUST", 4)
    most = 30
    with StandIn(
        lambda request: said(413, "") if len(request.lines) > most else takes_all(request)
    ) as server:
        async with sink(server.url, tmp_path, batch=100) as one:
            await one.send(ROWS)
            most = 1000
            for _ in range(4):
                await one.send(ROWS)
    assert len(server.requests[-1].lines) == 100


async def test_a_defect_is_trouble_and_loses_nothing(tmp_path: Path) -> None:
    with StandIn(takes_all) as server:
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send([None])  # type: ignore[list-item]
            assert outcome.trouble is not None
            assert "defect" in outcome.trouble.text.en
            assert (await one.send(ROWS)).trouble is None


async def test_a_refused_line_is_found_and_its_neighbours_arrive(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        bad = [line for line in request.lines if "value=13.0" in line or "value=77.0" in line]
        if bad:
            server.there.update(set(request.lines) - set(bad))  # a partial write takes the others
            return said(422, f"partial write: field type conflict dropped={len(bad)}")
        return takes_all(request)

    with StandIn(answer) as server:
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send(ROWS)
    assert outcome.trouble is None
    assert [refused.line.split(" ")[1] for refused in outcome.refused] == ["value=13.0", "value=77.0"]
    assert "partial write" in outcome.refused[0].reason
    assert len(server.lines()) == 98


async def test_a_server_that_refuses_everything_is_ill_and_nothing_is_set_aside(tmp_path: Path) -> None:
    with StandIn(lambda _request: said(400, "no such engine")) as server:
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send(ROWS)
    assert outcome.trouble is not None
    assert "refuses everything: no such engine" in outcome.trouble.text.en
    assert not outcome.refused


def with_buckets(create: Reply) -> Callable[[Request], Reply]:
    made: list[Any] = []

    def answer(request: Request) -> Reply:
        if request.path == "/api/v2/orgs":
            return (
                200,
                {"Content-Type": "application/json"},
                json.dumps({"orgs": [{"id": "1" * 16, "name": "org"}]}).encode(),
            )
        if request.path == "/api/v2/buckets":
            if create[0] == 201:
                made.append(json.loads(request.body))
            return create
        return takes_all(request) if made else said(404, 'bucket "bucket" not found')

    return answer


async def test_a_missing_bucket_is_made_with_its_retention(tmp_path: Path) -> None:
    created = json.dumps({"id": "2" * 16, "name": "bucket", "retentionRules": []}).encode()
    with StandIn(with_buckets((201, {"Content-Type": "application/json"}, created))) as server:
        async with sink(server.url, tmp_path, retention_days=30) as one:
            outcome = await one.send(ROWS)
    assert outcome.trouble is None
    assert len(server.lines()) == 100
    (body,) = [json.loads(r.body) for r in server.requests if r.path == "/api/v2/buckets"]
    assert (body["name"], body["retentionRules"][0]["everySeconds"]) == ("bucket", 30 * 86400)


async def test_a_bucket_that_may_not_be_made_is_asked_for(tmp_path: Path) -> None:
    with StandIn(with_buckets(said(403, "insufficient permissions"))) as server:
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send(ROWS)
    assert outcome.trouble is not None
    assert 'bucket "bucket" not found; the token may not make it' in outcome.trouble.text.en


async def test_a_server_that_hangs_is_given_up_and_its_rows_are_in_doubt(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        time.sleep(1.5)
        return takes_all(request)

    with StandIn(answer) as server:
        async with sink(server.url, tmp_path, timeout=1) as one:
            outcome = await one.send(ROWS)
    assert outcome.trouble is not None
    assert outcome.doubtful == 100


async def test_nobody_there_leaves_no_doubt(tmp_path: Path) -> None:
    with StandIn(takes_all) as server:
        pass
    async with sink(server.url, tmp_path) as one:
        outcome = await one.send(ROWS)
    assert outcome.trouble is not None
    assert "does not answer" in outcome.trouble.text.en
    assert outcome.doubtful == 0


async def test_a_connection_cut_before_the_answer_leaves_doubt(tmp_path: Path) -> None:
    with StandIn(lambda _request: None) as server:
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send(ROWS)
    assert outcome.doubtful == 100


@pytest.mark.parametrize(("content", "word"), [(None, "cannot be read"), ("密码", "holds is no token")])
async def test_a_token_file_that_is_none(content: str | None, word: str, tmp_path: Path) -> None:
    path = tmp_path / "other"
    if content is not None:
        path.write_text(content)
    with StandIn(takes_all) as server:
        async with sink(server.url, tmp_path, token_file=path) as one:
            outcome = await one.send(ROWS)
    assert outcome.trouble is not None
    assert word in outcome.trouble.text.en


async def test_a_new_token_is_read_after_the_old_one_was_refused(tmp_path: Path) -> None:
    def answer(request: Request) -> Reply:
        return takes_all(request) if request.headers["authorization"] == "Token new" else said(401)

    with StandIn(answer) as server:
        async with sink(server.url, tmp_path) as one:
            assert (await one.send(ROWS)).trouble is not None
            (tmp_path / "token").write_text("new")
            assert (await one.send(ROWS)).trouble is None


def csv(value: int | None) -> Reply:
    head = "#datatype,string,long,dateTime:RFC3339,long,string,string\r\n#group,false,false,false,false,true,true\r\n"
    names = "#default,_result,,,,,\r\n,result,table,_time,_value,_field,_measurement\r\n"
    row = "" if value is None else f",,0,2026-09-21T00:00:00Z,{value},mark,edgehub_uplink\r\n"
    return 200, {"Content-Type": "text/csv; charset=utf-8"}, (head + names + row if row else "\r\n").encode()


@pytest.mark.parametrize(
    ("reply", "drops", "word"),
    [
        (csv(START), False, "proved"),
        (csv(None), True, "not proved"),
        (csv(START - 5), True, "not proved"),
        (said(401, "may not read"), False, "not proved"),
        (said(400, "no Flux here"), False, "not proved"),
    ],
)
async def test_what_was_taken_is_read_back(reply: Reply, drops: bool, word: str, tmp_path: Path) -> None:
    with StandIn(lambda request: reply if request.path == "/api/v2/query" else takes_all(request)) as server:
        async with sink(server.url, tmp_path) as one:
            trouble, proof = await one.prove()
    assert (trouble is not None) == drops
    assert word in proof.en
    if trouble is not None:
        assert "does not hold it" in trouble.text.en


@pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)
async def test_a_real_server_holds_each_row(tmp_path: Path) -> None:
    with VictoriaMetrics(tmp_path / "vm") as server:
        async with sink(server.url, tmp_path) as one:
            outcome = await one.send([*ROWS, (101, "sm.smoke", START, 0, b"\x01", 0)])
            assert outcome.trouble is None
            trouble, proof = await one.prove()
            assert (trouble, "not proved" in proof.en) == (None, True)  # it speaks no Flux
        server.flush()
        found = list(server.export())
    assert {(m["device"], at, v) for m, at, v in found if m["__name__"] == "reading_value"} == {
        ("bin", row[2] // 1000, row[4]) for row in ROWS
    }
    assert [v for m, _at, v in found if m["__name__"] == "reading_state"] == [1.0]
