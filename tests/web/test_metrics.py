from __future__ import annotations

from edge.facade import Metric
from web.metrics import exposition


def test_a_metric_is_a_block():
    text = exposition([Metric("inbox_depth", "gauge", "Messages waiting.", [({}, 3)])])
    assert text == (
        "# HELP edgehub_inbox_depth Messages waiting.\n# TYPE edgehub_inbox_depth gauge\nedgehub_inbox_depth 3\n"
    )


def test_a_metric_without_samples_is_still_named():
    assert "edgehub_rejected_total" in exposition([Metric("rejected_total", "counter", "Refused.", [])])


def test_labels_and_help_are_escaped():
    text = exposition([Metric("x", "gauge", 'a\\b\n"c"', [({"source": 'a"b\\c\nd'}, 1.5)])])
    assert text.splitlines()[0] == '# HELP edgehub_x a\\\\b\\n"c"'
    assert text.splitlines()[2] == 'edgehub_x{source="a\\"b\\\\c\\nd"} 1.5'


def test_numbers_as_prometheus_reads_them():
    odd = [({}, value) for value in (float("nan"), float("inf"), float("-inf"), 1e15, 0.1, 12345678901.0)]
    values = [line.split()[1] for line in exposition([Metric("x", "gauge", "X.", odd)]).splitlines()[2:]]
    assert values == ["NaN", "+Inf", "-Inf", "1000000000000000", "0.1", "12345678901"]
