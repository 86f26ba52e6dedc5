"""`edge-hub bench`: what this machine makes of the hub, each figure beside a yardstick of the same run."""

from __future__ import annotations

import argparse
import json
import math
import sys
from collections.abc import Callable, Mapping
from pathlib import Path
from typing import Final

from edge.tools.benches import ingest, latency, memory, soak
from edge.tools.benches.report import BenchError, Report


def _cameras(arguments: argparse.Namespace) -> Report:
    try:
        from edge.tools.benches import cameras
    except ImportError as error:
        if (error.name or "").partition(".")[0] not in {"cv2", "numpy"}:
            raise
        raise BenchError(f"OpenCV is missing here ({error}): pip install opencv-python") from error
    return cameras.measure(arguments)


BENCHES: Final[Mapping[str, Callable[[argparse.Namespace], Report]]] = {
    "ingest": ingest.measure,
    "alarm-latency": latency.measure,
    "memory": memory.measure,
    "soak": soak.measure,
    "cameras": _cameras,
}


def add_arguments(parser: argparse.ArgumentParser) -> None:
    """Options of `bench`."""
    benches = parser.add_subparsers(dest="bench", metavar="|".join(BENCHES), required=True)
    common = argparse.ArgumentParser(add_help=False)
    common.add_argument("--json", action="store_true", help="print one JSON object, for programs")
    common.add_argument(
        "--data",
        type=Path,
        metavar="DIR",
        help="where broker and hub keep their data, an empty folder on the disk or card to be measured "
        "(default: a temporary one)",
    )
    ingests = benches.add_parser(
        "ingest",
        parents=[common],
        help="readings flat out, steadily, and as a backlog that an alarm must get past",
    )
    ingests.add_argument(
        "--messages", type=_count, default=100_000, metavar="N", help="readings in a round (%(default)s)"
    )
    ingests.add_argument(
        "--rounds",
        type=_count,
        default=3,
        metavar="N",
        help="pairs of rounds, hub and yardstick (%(default)s)",
    )
    ingests.add_argument(
        "--steady",
        type=float,
        default=15.0,
        metavar="S",
        help="seconds of 1,000 readings/s, 0 for none (%(default)s)",
    )
    latencies = benches.add_parser(
        "alarm-latency", parents=[common], help="from a detector's message to the stream and to the wall"
    )
    latencies.add_argument(
        "--alarms", type=_count, default=1000, metavar="N", help="alarms to the stream (%(default)s)"
    )
    latencies.add_argument(
        "--painted",
        type=_whole,
        default=200,
        metavar="N",
        help="alarms to the browser, 0 for none (%(default)s)",
    )
    latencies.add_argument(
        "--uplink",
        action="store_true",
        help="once more beside an uplink that sends a backlog to a data centre which goes away meanwhile",
    )
    latencies.add_argument(
        "--cameras",
        type=_whole,
        default=0,
        metavar="N",
        help="once more beside a hub that looks through N drawn cameras",
    )
    memories = benches.add_parser(
        "memory", parents=[common], help="what the hub holds: idle, after a load, with panels"
    )
    memories.add_argument(
        "--messages", type=_count, default=100_000, metavar="N", help="readings of the load (%(default)s)"
    )
    memories.add_argument(
        "--alarms", type=_count, default=100, metavar="N", help="open alarms on the panels (%(default)s)"
    )
    _add_soak(
        benches.add_parser("soak", parents=[common], help="an hour of a site's life: does anything grow?")
    )
    _add_cameras(
        benches.add_parser("cameras", parents=[common], help="what the checks of cameras find and cost")
    )


def _add_soak(parser: argparse.ArgumentParser) -> None:
    parser.add_argument("--minutes", type=_positive, default=60.0, metavar="M", help="how long (%(default)g)")
    parser.add_argument(
        "--devices", type=_count, default=500, metavar="N", help="besides the demo community's (%(default)s)"
    )
    parser.add_argument(
        "--panels", type=_count, default=5, metavar="N", help="that look on, two streams each (%(default)s)"
    )
    parser.add_argument(
        "--alarms", type=_positive, default=soak.ALARMS, metavar="N", help="in a minute (%(default)g)"
    )
    parser.add_argument(
        "--seed", type=_whole, default=1, metavar="N", help="of what happens when (%(default)s)"
    )
    parser.add_argument("--no-browser", action="store_true", help="without the wall in a real browser")
    parser.add_argument(
        "--out", type=Path, metavar="DIR", help="write soak.md, its plots and all samples here"
    )


def _add_cameras(parser: argparse.ArgumentParser) -> None:
    parser.add_argument(
        "--footage",
        type=_folder,
        metavar="DIR",
        help="labelled clips too: by the table in DIR/README.md, or by folder",
    )
    parser.add_argument(
        "--cases",
        type=_whole,
        default=240,
        metavar="N",
        help="drawn at run time (%(default)s); 0 for none, and none composed over the clips either",
    )
    parser.add_argument("--seed", type=_whole, default=1, metavar="N", help="of these cases (%(default)s)")
    parser.add_argument(
        "--jobs",
        type=_whole,
        default=0,
        metavar="N",
        help="processes that play cases (default: half of the cores)",
    )
    parser.add_argument(
        "--live", type=_whole, default=8, metavar="N", help="cameras on a hub, 0 for none (%(default)s)"
    )
    parser.add_argument(
        "--seconds", type=_count, default=30, metavar="S", help="for which these are measured (%(default)s)"
    )


def command(arguments: argparse.Namespace) -> int:
    """Measure and print; 1 with one sentence when it could not be measured or is not what it should be."""
    try:
        report = BENCHES[arguments.bench](arguments)
    except BenchError as error:
        print(f"edge-hub bench: {error}", file=sys.stderr)
        return 1
    print(json.dumps(report.as_dict(), ensure_ascii=False) if arguments.json else report.table())
    return 0


def _folder(text: str) -> Path:
    path = Path(text)
    if not path.is_dir():
        raise argparse.ArgumentTypeError(f"there is no folder {text}")
    return path


def _positive(text: str) -> float:
    try:
        number = float(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no number") from None
    if not 0 < number < math.inf:
        raise argparse.ArgumentTypeError(f"{text} is not more than 0")
    return number


def _count(text: str) -> int:
    if not (number := _whole(text)):
        raise argparse.ArgumentTypeError("0 is too few: give 1 or more")
    return number


def _whole(text: str) -> int:
    try:
        number = int(text)
    except ValueError:
        raise argparse.ArgumentTypeError(f"{text!r} is no whole number") from None
    if number < 0:
        raise argparse.ArgumentTypeError(f"{text} is less than nothing: give 0 or more")
    return number
