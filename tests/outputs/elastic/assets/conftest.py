"""The generated assets, and makers of panels."""

import pytest

from netad.outputs.elastic.assets import SAVED_OBJECTS
from netad.outputs.elastic.assets.definitions import Column, Panel
from netad.outputs.elastic.assets.generate import generate
from tests.kibana_panels import saved_objects


@pytest.fixture(scope="session")
def generated():
    """The files that the generator makes of the source, by name."""
    return generate()


@pytest.fixture(scope="session")
def objects(generated):
    """The saved objects by type and id."""
    return saved_objects(generated[SAVED_OBJECTS])


@pytest.fixture
def bars():
    """Anomalies over time by behaviour."""
    return Panel(
        "bars",
        "Anomalies",
        (24, 12),
        "anomaly",
        x=Column("time", "Time"),
        split=Column("terms", "Behaviour", field="rule.name", size=5),
        values=(Column("count", "Anomalies"),),
    )
