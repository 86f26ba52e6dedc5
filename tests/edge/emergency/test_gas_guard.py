"""Whatever becomes certain: where gas may be, nothing moves but a closing valve and what is ex-proof."""

from __future__ import annotations

from dataclasses import replace
from typing import Any

from hypothesis import given
from hypothesis import strategies as st

from edge.conclude import Conclude
from edge.domain.alarm import Verdict
from edge.domain.conclusion import Write
from edge.domain.device import Signal
from edge.domain.fact import Fact
from edge.domain.instant import SECOND, Instant
from edge.domain.output import CLOSE, OutputKind, gas_zones, outputs_of
from edge.domain.reading import Purpose
from edge.emergency.incidents import Incidents
from edge.outputs import Outputs
from tests.chance import examples
from tests.edge.emergency.scene import RULES
from tests.edge.outputs.stage import DEVICES, LINKAGES, START, Stage, alarm, device

DETECTORS = (
    *DEVICES,
    device("gas-2", "b1/1203", category="gas-detector", signal=Signal.GAS),
    device("smoke-2", "b3/s1", category="smoke-detector", signal=Signal.FIRE),
    device("smoke-flat", "b1/1203", category="smoke-detector", signal=Signal.FIRE),
)
BY_ID = {made.id: made for made in DETECTORS}
HAPPENS = st.tuples(
    st.sampled_from(["gas", "gas-2", "smoke", "smoke-2", "smoke-flat"]),
    st.sampled_from(["raised", "risen", "real", "false"]),
    st.sampled_from([Purpose.LIVE, Purpose.LIVE, Purpose.DRILL]),
)


@given(st.lists(HAPPENS, min_size=1, max_size=12))
@examples(150)
def test_nothing_else_is_ever_switched_where_gas_may_be(story: list[tuple[str, str, Purpose]]) -> None:
    stage = Stage()
    alarms: dict[str, Any] = {}
    outputs = outputs_of(BY_ID.values(), {})
    gas = gas_zones(BY_ID.values())
    line = Conclude(
        [
            Incidents(RULES, BY_ID, {}, stage.numbering, alarms.values),
            Outputs(BY_ID, stage.points, LINKAGES, stage.numbering, alarms.values, lambda: stage.desk),
        ]
    )
    certain = False
    for n, (id, kind, purpose) in enumerate(story):
        key = f"{id}-{purpose}"
        made = alarms.get(key) or alarm(
            key, next(s.signal for s in BY_ID[id].profile.points if s.signal), device=id, zone=BY_ID[id].zone,
            purpose=purpose,
        )  # fmt: skip
        if kind in {"real", "false"}:
            made = replace(made, verdict=Verdict(kind, "seen", "li", START))  # type: ignore[arg-type]
        alarms[key] = made
        word = "alarm.verdict" if made.verdict and kind in {"real", "false"} else f"alarm.{kind}"
        now = Instant(START + n * SECOND, n * SECOND)
        drawn = line.draw([Fact(stage.numbering.next(), word, now.utc, None, "alarm", made.to_dict())], now)
        assert not drawn.defects
        certain = certain or any(fact.kind == "incident.confirmed" for fact in drawn.facts)
        for write in (effect for effect in drawn.effects if isinstance(effect, Write)):
            act = write.body["write"]
            (output,) = (o for o in outputs.values() if o.device.id == write.device)
            if any(output.device.zone == zone or output.device.zone.startswith(f"{zone}/") for zone in gas):
                assert (output.kind is OutputKind.VALVE and act == CLOSE) or output.ex_proof
            if output.kind is OutputKind.SIREN:
                assert certain
