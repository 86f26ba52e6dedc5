"""READMEs and samples say what the code takes."""

from __future__ import annotations

import re
import tomllib
from dataclasses import fields
from pathlib import Path
from typing import Any

import pytest

from drivers._mqtt import words
from drivers._mqtt.config import BrokerSettings, TlsSettings
from drivers._mqtt.session import Counters
from drivers.frigate.config import SCHEMA as FRIGATE
from drivers.mqtt_json.config import SCHEMA as JSON
from drivers.mqtt_json.config import JsonTopic
from drivers.zigbee2mqtt.config import SCHEMA as ZIGBEE
from drivers.zigbee2mqtt.fields import MEANINGS, SOS_ACTIONS
from edge.driver import DriverSchema

DRIVERS = Path(__file__).parents[3] / "drivers"


def readme(folder: str) -> str:
    return (DRIVERS / folder / "README.md").read_text("utf-8")


def named(text: str, word: str) -> bool:
    return re.search(rf"`{re.escape(word)}(`| =)", text) is not None


def test_every_key_of_a_broker_is_documented() -> None:
    text = readme("_mqtt")
    for model in (BrokerSettings, TlsSettings):
        assert [key for key in model.model_fields if not named(text, key)] == []


def test_every_counter_and_state_is_documented() -> None:
    text = readme("_mqtt")
    shown = [field.name for field in fields(Counters) if field.name not in {"received", "last_message"}]
    codes = re.findall(r'LinkState\(\s*"(\w+)"', Path(words.__file__).read_text("utf-8"))
    codes += [code for code, _, _ in words._REFUSALS.values()]
    assert [word for word in [*shown, *codes] if not named(text, word)] == []


@pytest.mark.parametrize(
    ("folder", "schema"), [("mqtt_json", JSON), ("zigbee2mqtt", ZIGBEE), ("frigate", FRIGATE)]
)
def test_every_key_of_a_dialect_is_documented(folder: str, schema: DriverSchema) -> None:
    text = readme(folder)
    models: list[Any] = [schema.connection, schema.profile, schema.point]
    if schema.write is not None:
        models.append(schema.write)
    if schema is JSON:
        models.append(JsonTopic)
    assert [key for model in models for key in model.model_fields if not named(text, key)] == []
    assert all(f"{key} = " in text for key in schema.address.model_fields)


def test_every_known_field_is_documented() -> None:
    text = readme("zigbee2mqtt")
    assert [name for name in [*MEANINGS, *SOS_ACTIONS] if not named(text, name)] == []


@pytest.mark.parametrize(("folder", "schema"), [("mqtt_json", JSON), ("zigbee2mqtt", ZIGBEE)])
def test_the_sample_loads(folder: str, schema: DriverSchema) -> None:
    sample = tomllib.loads((DRIVERS / folder / "sample.toml").read_text("utf-8"))
    (broker,) = sample["mqtt"]
    (listen,) = broker["listen"]
    BrokerSettings.model_validate(without(broker, "id", "listen"))
    schema.connection.model_validate(without(listen, "id", "dialect", "name"))
    (device,) = sample["device"]
    assert schema.key(schema.address.model_validate(without(device["address"], "dialect"))) == device["id"]
    schema.profile.model_validate(sample["profile"].get("read", {}))
    for point in sample["profile"]["point"]:
        schema.point.model_validate(point.get("read", {}))
    assert schema.write is not None
    for output in sample["profile"]["output"]:
        for act in output["act"]:
            schema.write.model_validate(act["write"])


def without(table: dict[str, Any], *keys: str) -> dict[str, Any]:
    return {key: value for key, value in table.items() if key not in keys}


def test_the_sample_of_frigate_loads() -> None:
    sample = tomllib.loads((DRIVERS / "frigate" / "sample.toml").read_text("utf-8"))
    ((listen,), (device,)) = sample["mqtt"][0]["listen"], sample["device"]
    FRIGATE.connection.model_validate(without(listen, "id", "dialect", "name"))
    address = FRIGATE.address.model_validate(without(device["address"], "dialect"))
    assert FRIGATE.key(address) == "lane:zones=fire_lane:score=0.7:size=1280x720"
