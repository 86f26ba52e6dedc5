"""Planted secrets never appear."""

from __future__ import annotations

from pathlib import Path

import pytest

from edge.masking import Masks, site_masks


@pytest.mark.parametrize(
    ("text", "without", "still"),
    [
        (
            "rtsp://admin:hunter22@10.0.0.5:554/ch1?auth=abc",
            ["hunter22", "admin", "abc"],
            ["10.0.0.5:554/ch1"],
        ),
        ("https://hooks.example/services/T0/B1/XyZ", ["XyZ", "T0"], ["https://hooks.example/"]),
        ("POST https://qyapi.example/cgi?key=693a91f6 failed", ["693a91f6"], ["qyapi.example", "failed"]),
        ("wecombot://693axxx6-7aoc/", ["693axxx6"], ["wecombot://"]),
        ("mailto://me:pass1234@mail.example", ["pass1234", "me:"], ["mailto://"]),
        ("mqtts://hub:geheim@broker:8883", ["geheim"], ["broker:8883"]),
        ("Authorization: Bearer abcdefgh.ijkl", ["abcdefgh"], ["Authorization"]),
        ('{"password": "s p a c e", "name": "hub"}', ["s p a c e"], ["hub"]),
        ("token=abc&x=1", ["abc"], ["x=1"]),
        ("ehub_UKyar4UEUCvotL-1XjQ", ["UKyar4"], []),
        ("called 13912345678, +86 139 1234 5678 and 010-62345678", ["1391234", "6234"], ["called"]),
        ("password_file = secrets/mqtt", [], ["secrets/mqtt"]),
        ("联系人13800138000到场", ["13800138000"], ["联系人", "到场"]),
        ("电话13800138000,座机010-62345678转1", ["13800138000", "62345678"], ["电话", "座机"]),
        ("来自+8613800138000的短信", ["13800138000"], ["来自", "的短信"]),
        ("访问https://hub:geheim@cam/1失败", ["geheim"], ["访问"]),
        ("令牌ehub_UKyar4UEUCvotL", ["UKyar4"], ["令牌"]),
        ("口令token\uff1aabc123", ["abc123"], ["口令"]),
        ("MQTT_PASS=hunter22 psk=geheim12 DB_PWD='a b'", ["hunter22", "geheim12", "a b"], ["MQTT_PASS="]),
    ],
)
def test_what_looks_like_a_secret(text: str, without: list[str], still: list[str]) -> None:
    shown = Masks()(text)
    assert not [word for word in without if word in shown], shown
    assert all(word in shown for word in still), shown


@pytest.mark.parametrize(
    "text",
    [
        "2026-11-23 20:07:17,562 INFO edge hub of heanyuan runs on 127.0.0.1:8971",
        "seq 1-108 at 1795464426768682, 13912345678901 bytes, file:///var/lib/edge-hub",
        "no-contact@rl-eb.link raised 2026-11-23T20:07:17.526Z",
        "boot 67fb8707-0a18-475f-a912-5f0886bb4e5e",
        "passed: 12, bypass=on, compass: north",
    ],
)
def test_what_is_none_stays(text: str) -> None:
    assert Masks()(text) == text


def test_what_a_site_holds_is_known_by_its_value(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/mqtt").write_text("Tr0ub4dor&3\n")
    (tmp_path / "elsewhere").write_text("correct horse\n")
    (tmp_path / "secrets/wecom").write_text("wecombot://bot-key-7\n")
    monkeypatch.setenv("HUB_SECRET", "from-the-environment")
    (tmp_path / "site.toml").write_text(
        'password = "in-clear"\npassword_env = "HUB_SECRET"\n'
        '[[mqtt]]\npassword_file = "elsewhere"\n[[camera]]\nurl = "rtsp://a:b%20cd@cam/1"\n'
    )
    (tmp_path / "people.toml").write_text('[[person]]\nname = "Li"\nphone = "+86 555-0123"\n')
    (tmp_path / "broken.toml").write_text("[[[")
    masks = site_masks(tmp_path)
    text = masks(
        "Tr0ub4dor&3 Tr0ub4dor%263 'correct horse' bot-key-7 in-clear from-the-environment b%20cd"
        " +86 555-0123 +865550123 Li"
    )
    assert text == "*** *** '***' *** *** *** *** *** *** Li"


@pytest.mark.parametrize("host", ["127.0.0.1", "192.168.10.20", "10.0.0.55", "localhost"])
def test_a_host_at_home_is_no_secret_though_a_webhook_leads_to_it(tmp_path: Path, host: str) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/hook").write_text(f"json://{host}:18090/services/t0k3n-of-hook\n")
    masks = site_masks(tmp_path)
    assert masks(f"broker {host}:1883 answers") == f"broker {host}:1883 answers"
    shown = masks(f"json://{host}:18090/services/t0k3n-of-hook and t0k3n-of-hook")
    assert "t0k3n" not in shown


def test_a_host_outside_stays_hidden(tmp_path: Path) -> None:
    (tmp_path / "secrets").mkdir()
    (tmp_path / "secrets/hook").write_text("json://203.0.113.77.example/a\njson://8.8.4.48/b\n")
    assert site_masks(tmp_path)("203.0.113.77.example 8.8.4.48") == "*** ***"


def test_a_site_that_is_not_there_has_none(tmp_path: Path) -> None:
    assert site_masks(tmp_path / "none")("plain words") == "plain words"
