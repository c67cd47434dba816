"""How panels are drawn."""

from dataclasses import replace
from itertools import pairwise

import pytest

from netad.outputs.elastic.assets.definitions import COLORS, Column
from netad.outputs.elastic.assets.lens_charts import chart


def luminance(color):
    """The relative luminance of a colour, as WCAG 2 has it."""
    parts = [int(color[at : at + 2], 16) / 255 for at in (1, 3, 5)]
    linear = [part / 12.92 if part <= 0.04045 else ((part + 0.055) / 1.055) ** 2.4 for part in parts]
    return sum(weight * part for weight, part in zip((0.2126, 0.7152, 0.0722), linear, strict=True))


def test_severities_are_told_apart_by_lightness_alone():
    """The graver, the darker, each step clearly: so they hold for the colour-blind and on paper."""
    shades = [luminance(COLORS[name]) for name in ("critical", "high", "medium", "low")]
    for darker, lighter in pairwise(shades):
        assert (lighter + 0.05) / (darker + 0.05) > 1.4


def test_named_colours_reach_the_numbers(bars):
    """A number with a colour has it; values nobody knows in advance take the palette for the colour-blind."""
    kind, drawn = chart(bars, "layer")
    assert kind == "lnsXY"
    assert drawn["layers"][0]["colorMapping"]["paletteId"] == "eui_amsterdam_color_blind"
    assert drawn["layers"][0]["yConfig"] == []
    values = (Column("count", "Shown", color="blue"), Column("count", "All"))
    _, drawn = chart(replace(bars, split=None, values=values), "layer")
    assert drawn["layers"][0]["yConfig"] == [{"forAccessor": "value0", "color": COLORS["blue"], "axisMode": "left"}]
    assert "colorMapping" not in drawn["layers"][0]


@pytest.mark.parametrize(
    ("changes", "series"),
    [({}, "bar_stacked"), ({"horizontal": True}, "bar_horizontal_stacked"), ({"type": "lines"}, "line")],
)
def test_charts_over_an_axis(bars, changes, series):
    """Bars stand on time and lie beside names; lines join their points."""
    _, drawn = chart(replace(bars, **changes), "layer")
    assert drawn["preferredSeriesType"] == drawn["layers"][0]["seriesType"] == series


def test_a_value_of_a_table_can_be_clicked(bars):
    """Buckets filter at a click, which is what opens the dashboard of a source; numbers do not."""
    table = replace(bars, type="table", x=None, split=None, rows=(Column("terms", "Source", field="source.ip"),))
    _, drawn = chart(table, "layer")
    assert [column.get("oneClickFilter", False) for column in drawn["columns"]] == [True, False]


def test_an_unknown_type_does_not_generate(bars):
    """A misspelt type is an error that names the panel."""
    with pytest.raises(ValueError, match="Anomalies: there is no panel type pie"):
        chart(replace(bars, type="pie"), "layer")
