"""channels.toml: what is wrong is said with its place, the demo site's is right."""

from __future__ import annotations

from pathlib import Path

from edge.settings.channels import read_channels
from edge.settings.problems import Report


def test_every_fault_is_named(tmp_path: Path) -> None:
    (tmp_path / "channels.toml").write_text(
        '[[channel]]\nid = "a"\nkind = "sms"\nname = { zh = "短", en = "s" }\nurl_file = "x"\n'
        '[[channel]]\nid = "a"\nkind = "desk"\nname = { zh = "台", en = "d" }\n'
        '[[proof]]\nchannel = "b"\nperson = "c"\nat = "09:30"\n'
        '[[proof]]\nchannel = "a"\nat = "25:00"\n',
        "utf-8",
    )
    report = Report()
    read_channels(report, tmp_path, ["d"], ["modem-1"])
    codes = sorted(problem.code for problem in report.problems())
    assert codes == ["duplicate_id", "missing_key", "unknown_channel", "unknown_person", "value", "value"]


def test_a_site_without_the_file_has_none(tmp_path: Path) -> None:
    assert read_channels(Report(), tmp_path, [], []).channels == ()


def test_the_demo_site_reaches_people_by_four_ways(project_root: Path) -> None:
    report = Report()
    found = read_channels(report, project_root / "config" / "site", ["zhou-min"], ["modem-1"])
    assert not report.problems()
    assert [channel.kind for channel in found.channels] == ["desk", "sms", "ring", "apprise"]


def test_a_text_goes_over_a_modem_of_the_site(tmp_path: Path) -> None:
    (tmp_path / "channels.toml").write_text(
        '[[channel]]\nid = "sms"\nkind = "sms"\nname = { zh = "短信", en = "SMS" }\nmodem = "bus-1"\n',
        "utf-8",
    )
    report = Report()
    read_channels(report, tmp_path, [], ["modem-1"])
    (problem,) = report.problems()
    assert (problem.line, problem.key, problem.code) == (5, "channel[0].modem", "unknown_bus")
    assert "modem-1" in problem.message
