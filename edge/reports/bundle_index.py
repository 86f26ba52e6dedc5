"""The page of a bundle that people read, in both languages, without a hub and without a network."""

from __future__ import annotations

from collections.abc import Callable, Collection, Iterable, Mapping, Sequence
from datetime import UTC, datetime, timedelta
from html import escape
from typing import Any, Final
from zoneinfo import ZoneInfo

from edge.reports.asked import BundleAsked
from edge.reports.extract import Belonging

_STYLE: Final = """
body{font:15px/1.5 system-ui,"Noto Sans CJK SC",sans-serif;max-width:60rem;margin:2rem auto;padding:0 1rem;color:#111}
table{border-collapse:collapse;width:100%;margin:.5rem 0 1.5rem}td,th{border:1px solid #999;padding:.2rem .5rem;
text-align:left;vertical-align:top;overflow-wrap:anywhere}th{background:#eee}code{overflow-wrap:anywhere}
img{max-width:15rem;max-height:15rem;margin:.3rem}@page{size:A4;margin:15mm}"""
_VERDICTS: Final = {"real": "真实 real", "false": "误报 false", "fault": "故障 fault", "test": "测试 test"}


def index(
    asked: BundleAsked, found: Belonging, told: Iterable[Mapping[str, Any]], about: Mapping[str, Any]
) -> str:
    """told: the facts about the incident. about: rules, clock, missing photos, span, first and last number."""
    zone = ZoneInfo(asked.zone)
    incident = found.incident

    def at(utc: int | None) -> str:
        if utc is None:
            return "—"
        moment = datetime(1970, 1, 1, tzinfo=UTC) + timedelta(microseconds=utc)
        return f"{moment.astimezone(zone):%Y-%m-%d %H:%M:%S}"

    def who(id: str | None) -> str:
        return asked.names.get(id, id) if id else "—"

    parts = [
        f"<h1>警情档案包 Incident bundle · {incident['number']}</h1>",
        f"<p>{escape(_text(incident['place']))} · {escape(_text(incident['title']))}</p>",
        _table(
            ("项目 Item", "内容 Value"),
            [
                ("单位 Site", asked.site),
                ("警情开始 Opened", at(incident["opened_at"])),
                ("核实为真 Confirmed", f"{at(incident['confirmed_at'])} · {who(incident['confirmed_by'])}"),
                ("应急结束 All clear", f"{at(incident['all_clear_at'])} · {who(incident['all_clear_by'])}"),
                ("关闭 Closed", at(incident["closed_at"])),
                ("预案 Plan", f"{incident['plan'] or '—'} {incident['plan_version'] or ''}"),
                ("导出 Exported", f"{at(asked.now)} · {who(asked.by)} · edge hub {asked.version}"),
                ("时区 Time zone", asked.zone),
                ("时钟 Clock", _clock(about["clock"])),
                ("日志 Journal", f"{about['first']} – {about['last']}"),
            ],
        ),
        _section("报警与核实 Alarms and verdicts", ("时间", "地点", "内容", "接警", "核实结论", "结束"), [
            (at(a["raised_at"]), _text(a["place"]), _text(a["title"]), f"{at(a['acked_at'])} {who(a['acked_by'])}",
             _verdict(a["verdict"]), at(a["closed_at"]))
            for a in found.alarms
        ]),
        _section("处置步骤 Steps", ("步骤", "完成", "由"), [
            (_text(s["title"]), at(s["done_at"]), who(s["done_by"]) if s["done_by"] else s["how"] or "—")
            for s in incident.get("steps", ())
        ]),
        _section("工单 Work orders", ("编号", "派单", "内容", "接单", "到场", "完工", "验收"), [
            (o["number"], at(o["opened_at"]), _text(o["title"]), f"{at(o['accepted_at'])} {who(o['assignee'])}",
             at(o["on_site_at"]), at(o["done_at"]), at(o["verified_at"]))
            for o in found.cases["order"]
        ]),
        _section("通知与回执 Messages", ("时间", "渠道", "收件人", "状态", "发出", "送达", "查看", "应答"), [
            (at(n["opened_at"]), n["channel"], who(n["person"] or n["asked"]), n["state"], at(n["sent_at"]),
             at(n["delivered_at"]), at(n["seen_at"]), at(n["answered_at"]))
            for n in found.cases["notification"]
        ]),
        _section("联动命令 Commands", ("时间", "设备", "动作", "状态"), [
            (at(c["opened_at"]), _text(c["place"]), _text(c["name"]), c["state"]) for c in found.cases["command"]
        ]),
        _section("隐患 Hazards", ("编号", "时间", "内容", "状态", "销号"), [
            (h["number"], at(h["opened_at"]), _text(h["title"]), h["state"], at(h["closed_at"]))
            for h in found.cases["hazard"]
        ]),
        _section("规则与预案 Rules and plans", ("编号", "文件", "事发后改动 Changed since"), [
            (f"{r['kind']} {r['id']}", r["file"] or f"内置 built in · {r['hub']}",
             "是 yes" if r.get("changed_since") else "否 no" if r["file"] else "—")
            for r in about["rules"]
        ]),
        _photos(found, about["missing"]),
        _stills(found, asked.pictures, about["missing"], at),
        _section("经过 Story", ("编号", "时间", "事项", "由", "说明"), [
            (f["number"], at(f["time"]), asked.words.get(f["kind"], f["kind"]), who(f["by"]),
             f.get("text") or ("(已删除 erased)" if f["note"] else ""))
            for f in told
        ]),
        f"<p>读数 <a href='readings.csv'>Readings</a> ({at(about['span'][0])} – {at(about['span'][1])})</p>",
        "<p>校验 Verify: <code>python3 -I verify.py</code></p>",
    ]  # fmt: skip
    return (
        '<!doctype html><html lang="zh-CN"><head><meta charset="utf-8">'
        f'<meta name="viewport" content="width=device-width"><title>警情档案包 {incident["number"]}</title>'
        f"<style>{_STYLE}</style></head><body>{''.join(parts)}</body></html>"
    )


def _section(title: str, columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    return f"<h2>{escape(title)}</h2>" + (_table(columns, rows) if rows else "<p>无 none</p>")


def _table(columns: Sequence[str], rows: Sequence[Sequence[Any]]) -> str:
    head = "".join(f"<th>{escape(column)}</th>" for column in columns)
    lines = ("<tr>" + "".join(f"<td>{escape(str(cell))}</td>" for cell in row) + "</tr>" for row in rows)
    return f"<table><thead><tr>{head}</tr></thead><tbody>{''.join(lines)}</tbody></table>"


def _text(pair: Sequence[str]) -> str:
    return pair[0] if pair[0] == pair[1] or not pair[1] else f"{pair[0]} {pair[1]}"


def _verdict(verdict: Mapping[str, Any] | None) -> str:
    return f"{_VERDICTS[verdict['kind']]} {verdict['cause']}" if verdict else "—"


def _clock(clock: Mapping[str, Any]) -> str:
    if not clock["doubtful"]:
        return "全程可信 trusted throughout"
    spans = ", ".join(f"{doubt['from']} – {doubt['until'] or '…'}" for doubt in clock["doubtful"])
    return f"存疑 in doubt: {spans}"


def _photos(found: Belonging, missing: Sequence[str]) -> str:
    shown = "".join(
        f'<img src="photos/{escape(id)}.jpg" alt="{escape(id)}">'
        for id in sorted(found.photos.keys() - set(missing))
    )
    gone = f"<p>缺失 missing: {escape(', '.join(missing))}</p>" if missing else ""
    return f"<h2>照片 Photos</h2>{shown or '<p>无 none</p>'}{gone}"


def shot_name(shot: Mapping[str, Any]) -> str:
    """Name of the file of a picture or film."""
    return f"{shot['id']}.{'webm' if shot['moment'] == 'clip' else 'jpg'}"


_MOMENTS: Final = {"before": "报警前 before", "at": "报警时 at", "after": "报警后 after", "clip": "录像 film"}


def _stills(
    found: Belonging, sets: Collection[str], missing: Sequence[str], at: Callable[[int | None], str]
) -> str:
    """What the cameras showed, and why there is nothing where there is none. sets: that are in the bundle."""
    rows = []
    for one in found.cases["stills"]:
        for shot in one["pictures"]:
            if one["erased_at"] is not None:
                shown = f"已删除 erased {at(one['erased_at'])}"
            elif shot["missing"]:
                shown = escape(_text(shot["missing"]))
            elif one["id"] not in sets:
                shown = "未附 left out"
            elif shot["id"] in missing or shot["taken"] is None:
                shown = "缺失 missing"
            elif shot["moment"] == "clip":
                shown = f'<a href="stills/{shot_name(shot)}">{at(shot["taken"])}</a>'
            else:
                shown = (
                    f'<img src="stills/{shot_name(shot)}" alt="{at(shot["taken"])}"><br>{at(shot["taken"])}'
                )
            purpose = " 【演练 drill】" if one["purpose"] == "drill" else ""
            named = f"{one['device']} · {_MOMENTS[shot['moment']]}{purpose}"
            rows.append(f"<tr><td>{escape(named)}</td><td>{shown}</td></tr>")
    table = f"<table><tbody>{''.join(rows)}</tbody></table>" if rows else "<p>无 none</p>"
    return f"<h2>视频画面 Camera stills</h2>{table}"
