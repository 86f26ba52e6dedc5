"""What the hub in memory says of its links and queues: a little of everything, all of it made up."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from edge.domain.health import LinkReport, Rejected, Start
from edge.domain.instant import HOUR, MINUTE
from edge.domain.names import Text
from edge.domain.storage import CardAssumption, StorageState, StoreLoss, Wear
from edge.facade import Metric, Quarantined
from tests.web.fake_log import FakeLog


class FakeHealth(FakeLog):
    """Part of the hub in memory."""

    def links(self) -> Sequence[LinkReport]:
        now = self.now().utc
        return [
            LinkReport(
                "zigbee",
                "mqtt",
                True,
                now - HOUR,
                Text("已连接 127.0.0.1", "Connected to 127.0.0.1"),
                812,
                3,
                now,
                {"reconnects": 1},
            ),
            LinkReport(
                "bus-1",
                "serial",
                False,
                now - MINUTE,
                Text("串口 /dev/ttyUSB0 打不开", "Cannot open /dev/ttyUSB0"),
                95,
                17,
                now - MINUTE,
                {"crc": 12, "timeouts": 5},
                {"17": {"ok": 90, "timeouts": 5}},
            ),
        ]

    def starts(self) -> Sequence[Start]:
        now = self.now().utc
        return [
            Start(now - HOUR, "power", "0.1.0", None, undervolted=True),
            Start(now - 30 * HOUR, "stopped", "0.1.0", now - 30 * HOUR - MINUTE),
        ]

    def storage(self) -> StorageState | None:
        aside = StoreLoss("telemetry", "telemetry.db.20260601T080000Z.corrupt", self.now().utc - HOUR, {})
        wear = Wear(512 << 20, 3 << 20, 700 << 20, HOUR, 32 * 10**9, CardAssumption(), 11_000, (0, 10))
        return StorageState(
            30 * 10**9, 20 * 10**9, 2**30, {"footage": 2, "readings": 1000, "rollups": 0}, wear, [aside]
        )

    async def log_tail(self, limit: int) -> AsyncGenerator[bytes]:
        yield b"2026-09-21 14:00:00,000 INFO edge hub runs\n"[-limit:]

    def rejected(self) -> Sequence[Rejected]:
        return [
            Rejected(
                "zigbee",
                "bad_json",
                3,
                self.now().utc - MINUTE,
                "zigbee2mqtt/sm-999",
                '{"smoke":',
                "not JSON: unexpected end",
            )
        ]

    def quarantined(self) -> Sequence[Quarantined]:
        now = self.now().utc
        return [
            Quarantined(
                "zigbee",
                "zigbee2mqtt",
                "sm-999",
                4,
                now - HOUR,
                now,
                '{"smoke":false,"battery":100}',
                {"smoke": False, "battery": 100.0},
            )
        ]

    def metrics(self) -> Sequence[Metric]:
        return [
            Metric(
                "messages_received_total",
                "counter",
                "Messages taken from a source.",
                [({"source": "zigbee"}, 812), ({"source": "bus-1"}, 95)],
            ),
            Metric(
                "rejected_total",
                "counter",
                "Messages refused.",
                [({"source": "zigbee", "reason": "bad_json"}, 3)],
            ),
            Metric("inbox_depth", "gauge", "Messages waiting.", [({}, 0)]),
            Metric("journal_seq", "gauge", "Number of the newest fact.", [({}, self._numbering.last)]),
        ]
