from __future__ import annotations

import pytest

from edge.domain.names import Text
from edge.settings import check_site, load_site

from .conftest import SCHEMAS, Folder

FILE = "site.toml"
UPLINK = """
[[uplink]]
id = "centre"
kind = "influxdb"
name = { zh = "数据中心", en = "Data centre" }
url = "https://influx.example:8086/"
org = "court"
bucket = "readings"
token_file = "secrets/influx"
"""


def add(folder: Folder, text: str) -> None:
    path = folder.path / FILE
    path.write_text(path.read_text("utf-8") + text, "utf-8")


def test_a_site_has_no_uplink_by_itself(folder: Folder) -> None:
    assert load_site(folder.path, SCHEMAS).uplinks == ()


def test_an_uplink_with_its_defaults(folder: Folder) -> None:
    add(folder, UPLINK)
    (uplink,) = load_site(folder.path, SCHEMAS).uplinks
    assert (uplink.id, uplink.kind, uplink.name) == ("centre", "influxdb", Text("数据中心", "Data centre"))
    assert (uplink.url, uplink.org, uplink.bucket) == ("https://influx.example:8086", "court", "readings")
    assert (uplink.token_file, uplink.ca) == (folder.path / "secrets/influx", None)
    assert (uplink.batch, uplink.interval, uplink.compress, uplink.retention_days) == (1000, 10.0, True, 0)


@pytest.mark.parametrize(
    ("old", "new", "code", "key"),
    [
        ("https://influx.example:8086/", "influx.example:8086", "value", "url"),
        ("https://influx.example:8086/", "https://me:secret@influx.example", "value", "url"),
        ("https://influx.example:8086/", "https://influx.example:port", "value", "url"),
        ('kind = "influxdb"', 'kind = "influx"', "unknown_value", "kind"),
        ("token_file", "token_fil", "unknown_key", "token_fil"),
        ('id = "centre"', 'id = "hub"', "reserved", "id"),
        ('id = "centre"', 'id = "radio"', "duplicate_id", "id"),
        ('id = "centre"\n', "", "missing_key", "id"),
    ],
)
def test_mistakes_are_named(old: str, new: str, code: str, key: str, folder: Folder) -> None:
    add(folder, UPLINK.replace(old, new))
    assert (code, key) in {(p.code, p.key.rpartition(".")[2]) for p in check_site(folder.path, SCHEMAS)}


def test_two_uplinks_need_two_ids(folder: Folder) -> None:
    add(folder, UPLINK + UPLINK)
    assert [p.code for p in check_site(folder.path, SCHEMAS)] == ["duplicate_id"]
