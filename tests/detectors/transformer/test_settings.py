import pytest

from netad.core.errors import ConfigError
from netad.detectors.transformer import settings
from netad.detectors.transformer.settings import TransformerSettings


@pytest.mark.parametrize("wrong", [{"objective": "guess"}, {"device": "abacus"}, {"precision": "int3"}, {"steps": 0}])
def test_choices_are_checked(wrong):
    """What is none of the choices is the operator's mistake."""
    with pytest.raises(ConfigError):
        TransformerSettings(**wrong)


def test_few_profiles_take_fewer_steps(monkeypatch):
    """One step a profile, within bounds; a number that was asked for counts."""
    monkeypatch.setattr(settings, "LEAST_STEPS", 40)
    monkeypatch.setattr(settings, "MOST_STEPS", 250)
    assert [TransformerSettings().steps_for(count) for count in (1, 60, 5000)] == [40, 60, 250]
    assert TransformerSettings(steps=7).steps_for(5000) == 7
