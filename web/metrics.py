"""The hub's numbers in Prometheus' text format (exposition format 0.0.4)."""

from __future__ import annotations

import math
from collections.abc import Iterable, Mapping
from typing import Final

from edge.facade import Metric

PREFIX: Final = "edgehub_"
MEDIA_TYPE: Final = "text/plain; version=0.0.4; charset=utf-8"

_LABEL: Final = str.maketrans({"\\": r"\\", '"': r"\"", "\n": r"\n"})
_HELP: Final = str.maketrans({"\\": r"\\", "\n": r"\n"})


def exposition(metrics: Iterable[Metric]) -> str:
    """One block of HELP, TYPE and samples for each metric, in the order given."""
    lines: list[str] = []
    for metric in metrics:
        name = PREFIX + metric.name
        lines.append(f"# HELP {name} {metric.help.translate(_HELP)}")
        lines.append(f"# TYPE {name} {metric.kind}")
        lines += [f"{name}{_labels(labels)} {_number(value)}" for labels, value in metric.values]
    return "\n".join(lines) + "\n"


def _labels(labels: Mapping[str, str]) -> str:
    if not labels:
        return ""
    return "{" + ",".join(f'{key}="{value.translate(_LABEL)}"' for key, value in labels.items()) + "}"


def _number(value: float) -> str:
    if math.isnan(value):
        return "NaN"
    if math.isinf(value):
        return "+Inf" if value > 0 else "-Inf"
    return str(int(value)) if float(value).is_integer() else repr(float(value))
