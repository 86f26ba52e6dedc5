"""What the hub in memory says of its links and queues: a little of everything, all of it made up."""

from __future__ import annotations

from collections.abc import AsyncGenerator, Sequence

from edge.domain.device import PointSpec, Signal
from edge.domain.health import LinkReport, Rejected, Start
from edge.domain.instant import HOUR, MINUTE
from edge.domain.names import Text
from edge.domain.quantity import QUANTITIES
from edge.domain.reading import Quality, Value
from edge.domain.storage import CardAssumption, StorageState, StoreLoss, Wear
from edge.facade import Metric, PointState, Quarantined
from edge.health import built_in_devices
from edge.ingest.binding import Directory
from edge.machine.points import ALWAYS
from tests.web.fake_log import FakeLog

_MEASURED: dict[str, Value] = {
    "cpu-temperature": 61.2,
    "undervoltage": True,
    "memory-available": 54.0,
    "memory": 78.4,
    "loop-lag": 3.1,
    "threads": 21,
    "cert-panel": 310.0,
    "addresses": "eth0 192.168.1.20",
    "net-eth0": False,
}
_MACHINE = Directory(
    built_in_devices(
        [],
        Text("消防控制室", "Fire control room"),
        [],
        [
            *ALWAYS,
            PointSpec(
                "cpu-temperature", Text("处理器温度", "Processor temperature"), QUANTITIES["temperature"]
            ),
            PointSpec("undervoltage", Text("供电电压", "Supply voltage"), signal=Signal.FAULT),
            PointSpec("memory-available", Text("可用内存", "Memory available"), QUANTITIES["share"]),
            PointSpec(
                "cert-panel", Text("面板证书剩余", "Panel certificate, days left"), QUANTITIES["remaining"]
            ),
            PointSpec("addresses", Text("网络地址", "Network addresses")),
            PointSpec("net-eth0", Text("网络 eth0", "Network eth0"), signal=Signal.FAULT),
        ],
    ),
    {},
).points


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

    def machine(self) -> Sequence[PointState]:
        """What the hub measures of the machine it runs on."""
        now = self.now().utc
        return [
            PointState(_MACHINE[f"hub.{name}"], value, now, now, Quality.GOOD, None, False, 0)
            for name, value in _MEASURED.items()
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
