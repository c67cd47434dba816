from netad.detectors.behaviour.base import (
    FIRES_AT,
    LEAST_STRENGTH,
    MOST_STRENGTH,
    Behaviour,
    Finding,
    Technique,
    Traces,
)
from netad.detectors.behaviour.flood import Flood, FloodParameters


def finding(strength):
    return Finding("scan", Technique("T1046", "x"), "10.0.0.1", True, 0, 0, 1, strength, "did it", Traces(), {})


def test_findings_fire_at_three_decades():
    """Below that they are hints."""
    assert LEAST_STRENGTH < FIRES_AT < MOST_STRENGTH
    assert finding(3.0).fires
    assert not finding(2.999).fires


def test_a_behaviour_is_recognised(inside):
    """The protocol can be asked for at run time."""
    assert isinstance(Flood(FloodParameters(), inside), Behaviour)
    assert not isinstance(object(), Behaviour)
