from __future__ import annotations

from dataclasses import replace

from edge.domain.health import Check
from edge.domain.names import Text
from edge.facade import Role


async def test_healthz_is_open_and_says_why(stranger, hub):
    answer = await stranger.get("/healthz")
    assert answer.status_code == 200
    body = answer.json()
    assert (body["status"], body["version"]) == ("armed", hub.version)
    for check in body["checks"].values():
        assert set(check) == {"ok", "since", "detail"}
        assert set(check["detail"]) == {"zh", "en"}
    failing = Check("broker", False, hub.now().utc, Text("连不上", "Cannot connect"))
    hub.status = replace(hub.status, status="degraded", checks={"broker": failing})
    answer = await stranger.get("/healthz")
    assert answer.status_code == 200
    assert answer.json()["checks"]["broker"]["ok"] is False


async def test_healthz_names_no_folder_and_nobody_who_keeps_backups(stranger, api, hub):
    now = hub.now().utc
    says = {
        "backup": Text("nas:写不到/mnt/stick", "nas: cannot write /mnt/stick"),
        "stores": Text("写不到/var/lib/edge-hub/journal.db(满)", "/var/lib/edge-hub/journal.db is full, 3/s"),
        "disk": Text("仅剩 3 MiB", "3 MiB free"),
    }
    checks = {name: Check(name, False, now, text) for name, text in says.items()}
    hub.status = replace(hub.status, status="degraded", checks=checks)
    told = (await stranger.get("/healthz")).json()["checks"]
    assert told["stores"]["detail"] == {"zh": "写不到…(满)", "en": "… is full, 3/s"}
    assert told["disk"]["detail"] == {"zh": "仅剩 3 MiB", "en": "3 MiB free"}
    assert "nas" not in str(told["backup"])
    assert "mnt" not in str(told["backup"])
    whole = (await api.get("/api/v1/health")).json()["checks"]
    assert {name: check["detail"]["en"] for name, check in whole.items()} == {
        name: text.en for name, text in says.items()
    }


async def test_healthz_is_503_while_starting(stranger, hub):
    hub.status = replace(hub.status, status="starting", last_self_test=None)
    answer = await stranger.get("/healthz")
    assert answer.status_code == 503
    assert answer.json()["status"] == "starting"


async def test_metrics_are_for_those_with_a_token(stranger, program):
    assert (await stranger.get("/metrics")).status_code == 401
    assert (await program(Role.GUARD).get("/metrics")).status_code == 403
    answer = await program(Role.ADMIN).get("/metrics")
    assert answer.headers["content-type"].startswith("text/plain; version=0.0.4")
    assert 'edgehub_rejected_total{source="zigbee",reason="bad_json"} 3\n' in answer.text
    assert "edgehub_stream_readers 0\n" in answer.text


async def test_health_has_beat_totals_and_desk(api, hub):
    hub.raise_alarm()
    health = (await api.get("/api/v1/health")).json()
    assert health["totals"]["fire"] == health["totals"]["unacknowledged"] == 1
    assert health["desk"] == {"silenced_until": None, "silenced_by": None}
    assert health["last_beat"].endswith("Z")


async def test_links_rejected_and_quarantine(api):
    links = (await api.get("/api/v1/links")).json()["items"]
    assert [link["source"] for link in links] == ["zigbee", "bus-1"]
    assert links[1]["slaves"] == {"17": {"ok": 90, "timeouts": 5}}
    assert links[0]["slaves"] == {}
    refused = (await api.get("/api/v1/rejected")).json()["items"][0]
    assert (refused["reason"], refused["count"]) == ("bad_json", 3)
    unknown = (await api.get("/api/v1/quarantine")).json()["items"][0]
    assert unknown["values"] == {"smoke": False, "battery": 100.0}


async def test_the_log_is_for_administrators_a_file_and_noted(program, hub):
    assert (await program(Role.GUARD).get("/api/v1/logs")).status_code == 403
    client = program(Role.ADMIN)
    answer = await client.get("/api/v1/logs?mb=1")
    assert answer.headers["content-disposition"].startswith('attachment; filename="edge-hub-')
    assert answer.text == "2026-09-21 14:00:00,000 INFO edge hub runs\n"
    newest = (await hub.latest_facts(None, 1))[0]
    assert (newest.kind, newest.body["id"]) == ("log.downloaded", "1 MiB")
    assert newest.by
    assert (await client.get("/api/v1/logs?mb=900")).status_code == 422


async def test_starts_say_why(api):
    starts = (await api.get("/api/v1/starts")).json()["items"]
    assert [(start["cause"], start["undervolted"]) for start in starts] == [
        ("power", True),
        ("stopped", False),
    ]
    assert starts[0]["last_stopped"] is None
