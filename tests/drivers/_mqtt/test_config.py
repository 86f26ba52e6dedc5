from __future__ import annotations

from pathlib import Path
from typing import Any

import pytest
from pydantic import ValidationError

from drivers._mqtt.config import BrokerSettings


@pytest.mark.parametrize(
    ("table", "words"),
    [
        ({}, "Field required"),
        ({"host": "x", "prot": 1}, "Extra inputs are not permitted"),
        ({"host": "x", "port": "1883"}, "valid integer"),
        ({"host": "x", "port": 70000}, "less than or equal to 65535"),
        ({"host": "x", "username": "a", "password": "b", "password_env": "C"}, "give one password, not"),
        ({"host": "x", "password_file": "secrets/mqtt"}, "`password_file` needs a `username`"),
        ({"host": "x", "tls": {"key": "k.pem"}}, "`key` needs the `certificate`"),
        ({"host": "x", "version": "5"}, "'auto' or '3.1.1'"),
        ({"host": "x", "hub": "My Hub"}, "match pattern"),
    ],
)
def test_a_table_says_what_is_wrong(table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        BrokerSettings.model_validate(table)
    assert words in str(caught.value)


def test_the_port_follows_from_tls() -> None:
    assert BrokerSettings(host="x").address == ("x", 1883)
    assert BrokerSettings.model_validate({"host": "x", "tls": {}}).address == ("x", 8883)
    assert BrokerSettings.model_validate({"host": "x", "port": 1, "tls": {}}).address == ("x", 1)


def test_where_a_password_comes_from(tmp_path: Path, monkeypatch: pytest.MonkeyPatch) -> None:
    secret = tmp_path / "secret"
    secret.write_text("from file\nsecond line\n")
    monkeypatch.setenv("HUB_MQTT", "from environment")
    hub = {"host": "x", "username": "hub"}
    assert BrokerSettings.model_validate({**hub, "password_file": str(secret)}).read_password() == "from file"
    assert (
        BrokerSettings.model_validate({**hub, "password_env": "HUB_MQTT"}).read_password()
        == "from environment"
    )
    in_clear = BrokerSettings.model_validate({**hub, "password": "in clear"})
    assert in_clear.read_password() == "in clear"
    assert "in clear" not in repr(in_clear)
    assert BrokerSettings.model_validate(hub).read_password() is None
