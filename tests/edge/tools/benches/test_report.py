from __future__ import annotations

from edge.tools.benches.report import Report, spread


def test_the_spread_is_of_real_values() -> None:
    assert spread([float(n) for n in range(1, 1001)]) == {"p50": 501, "p95": 951, "p99": 991, "max": 1000}
    assert spread([3.0]) == {"p50": 3, "p95": 3, "p99": 3, "max": 3}


def test_a_table_has_a_line_for_each_figure_with_its_yardstick() -> None:
    report = Report("ingest", "something simple")
    report.add("rate", "readings stored", 20000, "1/s", yardstick=15000, target="≥ 1")
    report.add("ratio", "ratio", 1.3333, "×")
    report.notes.append("three rounds")
    lines = report.table().splitlines()
    assert "yardstick: something simple" in lines
    assert any(
        line.split() == ["readings", "stored", "20,000", "1/s", "15,000", "1/s", "≥", "1"] for line in lines
    )
    assert any(line.split() == ["ratio", "1.33", "×"] for line in lines)
    assert lines[-1] == "note: three rounds"
    found = report.as_dict()["figures"]["rate"]
    assert found == {
        "value": 20000,
        "unit": "1/s",
        "yardstick": 15000,
        "what": "readings stored",
        "to_reach": "≥ 1",
    }
