from __future__ import annotations

from typing import Any

import pytest
from pydantic import ValidationError

from drivers._mqtt.config import BrokerSettings, ListenerSettings
from drivers.mqtt_json.config import SCHEMA, JsonListen
from drivers.mqtt_json.driver import JsonDriver
from drivers.mqtt_json.pointer import split_pointer
from drivers.mqtt_json.topics import TopicPattern
from edge.domain.names import Text
from edge.domain.site import Connection


@pytest.mark.parametrize(
    ("pattern", "filter_", "topic", "device"),
    [
        ("site/{device}/up", "site/+/up", "site/gs-1203/up", "gs-1203"),
        ("site/{device}/up", "site/+/up", "site/a/b/up", None),
        ("site/{device}/up", "site/+/up", "site//up", None),
        ("{zone}/+/{device}", "+/+/+", "b3/x/gs-1", "gs-1"),
        ("site/{device}/#", "site/+/#", "site/gs-1", "gs-1"),
        ("site/{device}/#", "site/+/#", "site/gs-1/a/b", "gs-1"),
        ("site/{device}/#", "site/+/#", "site", None),
        ("{device}", "+", "gs-1", "gs-1"),
    ],
)
def test_patterns(pattern: str, filter_: str, topic: str, device: str | None) -> None:
    parsed = TopicPattern.parse(pattern)
    assert parsed.filter == filter_
    assert parsed.device(topic.split("/")) == device


@pytest.mark.parametrize(
    ("topics", "words"),
    [
        ([], "at least 1 item"),
        ([{"pattern": "site/up"}], "must stand for exactly one level"),
        ([{"pattern": "{device}/{device}"}], "must stand for exactly one level"),
        ([{"pattern": "site/x-{device}"}], "one {placeholder} alone"),
        ([{"pattern": "#/{device}"}], "must come last"),
        ([{"pattern": "site/{device}", "trusted": True}], "needs the `profile`"),
        ([{"pattern": "site/{device}", "profile": "x"}], "`profile` is for trusted topics"),
        ([{"pattern": "site/{device}"}, {"pattern": "site/+"}], "exactly one level"),
        ([{"pattern": "{zone}/{device}"}, {"pattern": "{device}/{zone}"}], "stand for the same topics"),
        ([{"pattern": "site/{device}", "qos": 1}], "Extra inputs are not permitted"),
    ],
)
def test_a_listener_table_says_what_is_wrong(topics: list[Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        JsonListen.model_validate({"topics": topics})
    assert words in str(caught.value)


@pytest.mark.parametrize(
    ("model", "table", "words"),
    [
        (SCHEMA.point, {}, "Field required"),
        (SCHEMA.point, {"pointer": "gas"}, "starts with a slash"),
        (SCHEMA.point, {"pointer": "/a~2"}, "~0 for ~"),
        (SCHEMA.point, {"pointer": "/a", "normal": [0]}, "`normal` needs `abnormal`"),
        (SCHEMA.point, {"pointer": "/a", "abnormal": []}, "at least 1 item"),
        (SCHEMA.profile, {"time_unit": "minutes"}, "'auto', 's', 'ms' or 'us'"),
        (SCHEMA.profile, {"time": 3}, "valid string"),
        (SCHEMA.address, {"device": "a/b"}, "match pattern"),
    ],
)
def test_other_tables_say_what_is_wrong(model: Any, table: dict[str, Any], words: str) -> None:
    with pytest.raises(ValidationError) as caught:
        model.model_validate(table)
    assert words in str(caught.value)


def test_pointers_are_unescaped() -> None:
    assert split_pointer("/a~1b/m~0n/~01") == ("a/b", "m~n", "~1")
    assert split_pointer("") == ()
    assert split_pointer("/") == ("",)


def test_the_driver_subscribes_to_what_the_patterns_stand_for() -> None:
    listen = SCHEMA.connection.model_validate(
        {
            "topics": [
                {"pattern": "site/{device}/up"},
                {"pattern": "bench/{device}", "trusted": True, "profile": "x"},
            ]
        }
    )
    assert SCHEMA.combine is not None
    settings = SCHEMA.combine(BrokerSettings(host="127.0.0.1", receive_maximum=100), listen)
    assert isinstance(settings, ListenerSettings)
    driver = JsonDriver(Connection("json", "mqtt", "json", Text("数据", "Data"), settings), [])
    assert driver._filters == ["site/+/up", "bench/+"]
    assert driver.window == 100
    driver.stop()
    assert SCHEMA.key(SCHEMA.address.model_validate({"device": "gs-1203"})) == "gs-1203"
