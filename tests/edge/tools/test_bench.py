"""Tiny runs of each bench: that it measures what it says. No timing is judged here."""

from __future__ import annotations

import json
from pathlib import Path
from typing import Any

import pytest

from edge import cli
from edge.tools.benches import browser
from edge.tools.benches.centre import PROGRAM
from edge.tools.benches.ingest import check_stored_once
from edge.tools.benches.report import BenchError
from edge.tools.benches.stand import Stand
from edge.tools.broker import find_program


def run(capsys: pytest.CaptureFixture[str], *arguments: str) -> dict[str, Any]:
    code = cli.main(["bench", *arguments, "--json"])
    said = capsys.readouterr()
    assert code == 0, said.err
    report: dict[str, Any] = json.loads(said.out)
    assert set(report) == {"bench", "version", "command", "machine", "yardstick", "figures", "notes"}
    assert report["bench"] == arguments[0]
    assert {"cpu", "cores", "kernel", "python", "broker", "others_percent"} <= set(report["machine"])
    assert report["machine"]["broker"].startswith("mosquitto version")
    for figure in report["figures"].values():
        assert set(figure) == {"value", "unit", "yardstick", "what", "to_reach"}
    return report


@pytest.mark.long
@pytest.mark.slow
def test_ingest_measures_the_hub_beside_bare_paho(capsys: pytest.CaptureFixture[str]) -> None:
    report = run(capsys, "ingest", "--messages", "1000", "--rounds", "1", "--steady", "1")
    figures = report["figures"]
    assert {"ingest_ratio", "ingest_rate", "ingest_cpu", "ingest_cpu_settled", "steady_core"} <= set(figures)
    assert figures["ingest_rate"]["value"] > 0 < figures["ingest_rate"]["yardstick"]
    ratio = figures["ingest_rate"]["value"] / figures["ingest_rate"]["yardstick"]
    assert figures["ingest_ratio"]["value"] == pytest.approx(ratio, abs=0.01)


@pytest.mark.slow
def test_alarm_latency_waits_for_every_alarm_and_paint(capsys: pytest.CaptureFixture[str]) -> None:
    painted = 0 if browser.missing() else 5
    figures = run(capsys, "alarm-latency", "--alarms", "20", "--painted", str(painted))["figures"]
    stream = [figures[f"stream_{name}"] for name in ("p50", "p95", "p99", "max")]
    assert [f["value"] for f in stream] == sorted(f["value"] for f in stream)
    assert all(f["value"] > 0 < f["yardstick"] for f in stream)
    if painted:
        # From the fact on it may be less than nothing: another process, which hears it too, says when that was.
        assert figures["painted_p50"]["value"] <= figures["painted_p95"]["value"]
        assert 0 < figures["publish_painted_p50"]["value"] <= figures["publish_painted_p95"]["value"]


@pytest.mark.long
@pytest.mark.slow
@pytest.mark.skipif(find_program(PROGRAM) is None, reason="no victoria-metrics here")
def test_alarm_latency_beside_an_uplink(capsys: pytest.CaptureFixture[str]) -> None:
    report = run(capsys, "alarm-latency", "--alarms", "60", "--painted", "0", "--uplink")
    figures = report["figures"]
    assert 0 < figures["uplink_p50"]["value"] <= figures["uplink_p99"]["value"]
    assert figures["uplink_sent"]["value"] > 0
    assert "readings behind at the first alarm" in report["notes"][-1]


@pytest.mark.long
@pytest.mark.slow
def test_memory_looks_at_the_hub_in_three_states(capsys: pytest.CaptureFixture[str]) -> None:
    figures = run(capsys, "memory", "--messages", "500", "--alarms", "5")["figures"]
    for state in ("idle", "loaded", "panels"):
        assert figures[f"{state}_rss"]["value"] > figures[f"{state}_rss"]["yardstick"] > 10
        assert figures[f"{state}_threads"]["value"] >= 4
    assert figures["panels_files"]["value"] >= figures["idle_files"]["value"] + 5  # one connection a panel


@pytest.mark.long
@pytest.mark.slow
def test_soak_samples_a_site_whose_work_goes_on(capsys: pytest.CaptureFixture[str], tmp_path: Path) -> None:
    size = ("--minutes", "0.7", "--devices", "60", "--panels", "1", "--alarms", "60", "--no-browser")
    report = run(capsys, "soak", *size, "--out", str(tmp_path))
    figures = report["figures"]
    assert figures["rss"]["value"] > 30
    assert figures["tasks"]["value"] > 5
    assert 0 < figures["alarm_p50"]["value"] <= figures["alarm_max"]["value"]
    assert "0 never on the panels" in report["notes"][0]
    assert " ack" in report["notes"][2]
    page = (tmp_path / "soak.md").read_text("utf-8")
    for name in ("memory", "handles", "work", "disk", "latency"):
        assert f"soak-{name}.svg" in page
        assert (tmp_path / f"soak-{name}.svg").read_text("utf-8").startswith("<svg")
    rows = (tmp_path / "soak.csv").read_text("utf-8").splitlines()
    assert len(rows) == 6
    assert rows[0].startswith("at,rss,pss,files,threads,tasks")


def test_a_reading_that_is_missing_in_the_store_is_found(tmp_path: Path) -> None:
    with Stand(tmp_path / "stand") as stand:
        publisher, start_ms = stand.meters(100)
        with publisher:
            publisher.go()
            publisher.answer()
        check_stored_once(stand, start_ms, 100)
        with pytest.raises(BenchError, match="1 of 101 readings are missing"):
            check_stored_once(stand, start_ms, 101, patience=0)


def test_a_folder_that_is_not_empty_is_refused(tmp_path: Path, capsys: pytest.CaptureFixture[str]) -> None:
    (tmp_path / "mine").touch()
    assert cli.main(["bench", "memory", "--data", str(tmp_path)]) == 1
    assert "is not empty" in capsys.readouterr().err


@pytest.mark.parametrize("arguments", [(), ("speed",), ("ingest", "--messages", "0")])
def test_misuse(arguments: tuple[str, ...], capsys: pytest.CaptureFixture[str]) -> None:
    with pytest.raises(SystemExit) as ended:
        cli.main(["bench", *arguments])
    assert ended.value.code == 2
    assert capsys.readouterr().err
