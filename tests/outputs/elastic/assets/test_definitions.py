"""The source of the dashboards: what is read, and what does not generate."""

import pytest

from netad.outputs.elastic.assets.definitions import COLORS, SEVERITIES, read_dashboard

BOARD = """
id: netad-tried
title: "[netad] Tried"
link: Tried
description: A dashboard
datasets: [anomaly]
since: now-7d
panels:
  - type: bars
    title: By severity
    size: [24, 12]
    data: anomaly
    x: {op: time, label: Time}
    values: [{op: severities, field: event.severity}]
"""


@pytest.fixture
def read(tmp_path):
    """Return a function that reads a dashboard from its text."""

    def reading(text):
        path = tmp_path / "tried.yml"
        path.write_text(text)
        return read_dashboard(path)

    return reading


def test_severities_stand_for_four_counts_in_their_colours(read):
    """One word gives a count for each severity, the gravest first, so that all charts look alike."""
    (panel,) = read(BOARD).panels
    assert [column.label for column in panel.values] == list(SEVERITIES)
    assert [column.kql for column in panel.values] == [f"event.severity: {number}" for number in (99, 73, 47, 21)]
    assert [column.color for column in panel.values] == list(SEVERITIES)
    assert set(SEVERITIES) < set(COLORS)


def test_a_misspelt_key_does_not_generate(read):
    """A key that no panel has is an error, never ignored."""
    with pytest.raises(TypeError, match="sise"):
        read(BOARD.replace("size:", "sise:"))
    with pytest.raises(TypeError, match="lable"):
        read(BOARD.replace("label: Time", "lable: Time"))


def test_a_file_that_is_no_mapping_does_not_generate(read):
    """A list where the dashboard should be is an error that names the file."""
    with pytest.raises(ValueError, match=r"tried\.yml holds no mapping"):
        read("- one\n")


def test_what_a_chart_is_split_by_comes_before_its_time(bars):
    """The values that a chart is split by are the commonest of the whole time, not of each hour."""
    assert list(bars.columns) == ["split", "x", "value0"]
