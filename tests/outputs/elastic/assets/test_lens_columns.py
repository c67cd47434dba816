"""Columns as Lens stores them."""

from dataclasses import replace

import pytest

from netad.outputs.elastic.assets.definitions import Column
from netad.outputs.elastic.assets.lens_columns import data_type, lens_columns


def test_types_are_those_of_the_mappings():
    """Lens is told the type that the field has, so that it draws addresses, times and numbers as such."""
    assert data_type("source.ip", "anomaly") == "ip"
    assert data_type("event.severity", "anomaly") == "number"
    assert data_type("@timestamp", "run") == "date"
    assert data_type("rule.name", "anomaly") == "string"
    assert data_type("netad.entity.known", "anomaly") == "boolean"
    assert data_type("netad.profile.features.flows", "profile") == "number"
    assert data_type("data_stream.dataset", "flow") == "string"


@pytest.mark.parametrize(
    "field", ["no.such.field", "netad.anomaly.influencers", "rule.name.length", "netad.flow.state"]
)
def test_a_field_that_cannot_be_counted_does_not_generate(field):
    """A field that the dataset lacks, or that is stored and not indexed, is an error at generation."""
    with pytest.raises(ValueError, match=r"is no field of netad\.anomaly that a panel can use"):
        data_type(field, "anomaly")


def test_terms_are_ordered_by_the_first_number(bars):
    """The largest come first; values by name come in alphabetical order."""
    assert lens_columns(bars)["split"]["params"]["orderBy"] == {"type": "column", "columnId": "value0"}
    by_name = replace(bars, split=Column("terms", "Behaviour", field="rule.name", order="name"))
    assert lens_columns(by_name)["split"]["params"]["orderBy"]["type"] == "alphabetical"


def test_terms_are_not_ordered_by_a_part(bars):
    """Where the first number is about a part of the documents, the values with the most documents come first."""
    params = lens_columns(replace(bars, values=(Column("count", "critical", kql="event.severity: 99"),)))["split"][
        "params"
    ]
    assert params["orderBy"] == {"type": "custom"}
    assert params["orderAgg"]["operationType"] == "count"
    assert "filter" not in params["orderAgg"]


def test_the_last_value_is_of_a_document_that_has_one(bars):
    """The newest document without the field would make the cell empty."""
    panel = replace(bars, values=(Column("last", "Reason", field="event.reason", kql="event.kind: alert"),))
    last = lens_columns(panel)["value0"]
    assert last["filter"] == {"language": "kuery", "query": "event.kind: alert and event.reason: *"}
    assert last["dataType"] == "string"


def test_a_share_is_a_formula_with_its_parts(bars):
    """Kibana stores the division, the two counts, and the formula as a person would write it."""
    columns = lens_columns(replace(bars, values=(Column("share", "Shown", kql="event.kind: alert"),)))
    assert columns["value0"]["params"]["formula"] == "count(kql='event.kind: alert') / count()"
    assert columns["value0"]["references"] == ["value0X2"]
    assert columns["value0X2"]["params"]["tinymathAst"]["args"] == ["value0X0", "value0X1"]
    assert columns["value0X0"]["filter"]["query"] == "event.kind: alert"
    assert "filter" not in columns["value0X1"]


def test_a_date_stays_a_date(bars):
    """The latest time of something is shown as a time, a largest number as a number."""
    values = (Column("max", "Last", field="@timestamp"), Column("max", "Risk", field="event.risk_score"))
    columns = lens_columns(replace(bars, values=values))
    assert [columns[f"value{number}"]["dataType"] for number in (0, 1)] == ["date", "number"]
