"""Grafana's dashboard: what it asks for exists, and each of its queries brings rows from a hub's own lines.

Grafana itself is not run: its variables are filled in here, its transformations and drawings are not tried.
"""

from __future__ import annotations

import json
import re
from collections import Counter
from collections.abc import Iterator
from pathlib import Path
from typing import Any

import pytest

from edge.dialects import schemas
from edge.domain.device import Point
from edge.domain.instant import MINUTE
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import Purpose, Quality, Reading, Reason
from edge.domain.site import Site
from edge.health import built_in_devices
from edge.ingest.binding import Directory
from edge.settings import install_template, load_site
from edge.store.influx.lines import Lines
from edge.store.rows import encode, flags_of
from tests.deploy.influxdb import PROGRAM, WHY_NOT, InfluxDB, Series

FOLDER = Path(__file__).parents[2] / "deploy/containers/grafana"
DASHBOARD: dict[str, Any] = json.loads((FOLDER / "dashboards/site.json").read_text("utf-8"))
START = 1_790_000_400_000_000  # µs, a full ten minutes
ROUNDS = 30  # readings of each point, one a minute
MISSING, UNCERTAIN, TESTED = 7, 8, 20  # rounds in which a point has no value, a poor one, and one of a test

Target = tuple[str, dict[str, Any]]  # the panel's title and what it asks for


def targets() -> list[Target]:
    return [(panel["title"], target) for panel in DASHBOARD["panels"] for target in panel.get("targets", [])]


def filled(query: str, site: str) -> str:
    """As Grafana sends it: site chosen, half an hour, one point a minute."""
    within = f"time >= {START // 1000}ms and time <= {(START + ROUNDS * MINUTE) // 1000}ms"
    for name, value in {
        "$timeFilter": within,
        "$__interval_ms": "60000",
        "$__interval": "1m",
        "$site": site,
    }.items():
        query = query.replace(name, value)
    return query


def test_every_panel_has_a_place_a_source_and_words() -> None:
    source = DASHBOARD["templating"]["list"][0]["datasource"]
    assert source["uid"] in (FOLDER / "provisioning/datasources/influxdb.yaml").read_text("utf-8")
    taken: set[tuple[int, int]] = set()
    for panel in DASHBOARD["panels"]:
        place = panel["gridPos"]
        cells = {
            (x, y)
            for x in range(place["x"], place["x"] + place["w"])
            for y in range(place["y"], place["y"] + place["h"])
        }
        assert place["x"] + place["w"] <= 24
        assert not cells & taken, panel["title"]
        taken |= cells
        assert re.search("[一-鿿]", panel["title"])
        assert re.search("[a-z]", panel["title"], re.IGNORECASE)
        assert panel["type"] == "row" or panel["datasource"] == source
    assert len({panel["id"] for panel in DASHBOARD["panels"]}) == len(DASHBOARD["panels"])


@pytest.mark.parametrize(("title", "target"), targets())
def test_a_query_is_bounded_by_site_and_time_and_asks_for_what_the_hub_sends(
    title: str, target: dict[str, Any]
) -> None:
    query = target["query"]
    assert '"site" =~ /^$site$/' in query
    assert "$timeFilter" in query or "edgehub_uplink" in query, title
    measurements = set(re.findall(r'FROM "(\w+)"', query))
    assert measurements <= {*QUANTITIES, "state", "edgehub_uplink"}
    assert not set(re.findall(r"\$\w+", filled(query, "court")))


@pytest.fixture(scope="module")
def site(tmp_path_factory: pytest.TempPathFactory) -> Site:
    folder = tmp_path_factory.mktemp("site") / "site"
    install_template(folder)
    return load_site(folder, schemas())


def points(site: Site) -> dict[str, Point]:
    own = built_in_devices(site.connections, Text("值班室", "control room"))
    return Directory([*site.devices.values(), *own], site.profiles).points


def lines(site: Site, at: dict[str, Point]) -> Iterator[str]:
    """What a hub with this site sends in half an hour."""
    made = Lines(site.id, at.get)
    for n, point in enumerate(at.values()):
        for minute in range(ROUNDS):
            time = START + minute * MINUTE + n
            value = None if minute == MISSING else minute % 3 != 0 if point.spec.signal else 20.0 + minute
            reading = Reading(
                point,
                value,
                time,
                time + 1500,
                quality=Quality.BAD if minute in {MISSING, UNCERTAIN} else Quality.GOOD,
                reason=Reason.STALE if minute == UNCERTAIN else None,
                purpose=Purpose.TEST if minute == TESTED else Purpose.LIVE,
            )
            yield made.of((1, point.id, time, 1500, encode(value), flags_of(reading)))
    yield made.mark(START)


@pytest.mark.skipif(PROGRAM is None, reason=WHY_NOT)
def test_each_query_brings_rows_from_the_lines_of_a_hub(site: Site, tmp_path: Path) -> None:
    at = points(site)
    with InfluxDB(tmp_path / "influxdb") as server:
        server.write(lines(site, at))
        answers: dict[str, list[Series]] = {}
        for title, target in targets():
            found = server.query(filled(target["query"], site.id))
            assert any(row[1] is not None for series in found for row in series.rows), title
            answers[title] = found
            tags = re.findall(r"\$tag_(\w+)", target.get("alias", ""))
            assert all(series.tags.get(tag) for series in found for tag in tags), title
        variable = DASHBOARD["templating"]["list"][0]["query"]
        assert server.query(variable)[0].rows == [["site", site.id]]

    signals = Counter(str(point.spec.signal.value) for point in at.values() if point.spec.signal)
    title = "现在异常 Abnormal now, by signal"
    assert {series.tags["signal"]: series.rows[0][1] for series in answers[title]} == signals
    table = answers["异常清单 Where it is abnormal"]
    assert sum(len(series.rows) for series in table) == signals.total()
    reported = answers["异常状态报告 Abnormal states reported, by signal"]
    counted = {series.tags["signal"]: sum(row[1] for row in series.rows) for series in reported}
    abnormal = sum(minute % 3 != 0 for minute in set(range(ROUNDS)) - {MISSING, TESTED})
    assert counted == {signal: number * abnormal for signal, number in signals.items()}

    rates = answers["每秒读数 Readings per second, by kind"]
    assert sum(row[1] for series in rates for row in series.rows) * 60 == pytest.approx(len(at) * ROUNDS)
    shares: Counter[str] = Counter()
    for series in answers["质量 Quality"]:
        shares[series.tags["quality"]] += series.rows[0][1]
    assert shares == {"bad": 2 * len(at), "good": (ROUNDS - 2) * len(at)}
    poor = answers["不良读数 Readings that were not good"]
    assert {row[5] or "" for series in poor for row in series.rows} == {"stale", ""}
    links = {series.tags["device"] for series in answers["链路 Links"]}
    assert links == {link.id for link in site.connections}
