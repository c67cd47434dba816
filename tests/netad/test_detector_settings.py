"""Tests of netad.detector_settings."""

from dataclasses import replace
from types import SimpleNamespace

import pytest

from netad.config import Config
from netad.core.errors import ConfigError
from netad.detector_settings import TRANSFORMER, detector_settings, prepare_update, run_as_set
from netad.detectors.transformer.settings import TransformerSettings

WITH = replace(Config(), detectors=("fusion", TRANSFORMER), objective="replaced", precision="fp32", device="cpu")


def test_the_transformer_is_made_with_the_settings_of_the_run(tmp_path):
    """Base model, objective, device and precision; the checkpoint and whom to tell are the caller's."""
    checkpoint = tmp_path / "state"
    (made,) = detector_settings(WITH, checkpoint, print).values()
    assert (made.objective, made.precision, made.device, made.base_model) == ("replaced", "fp32", "cpu", None)
    assert (made.checkpoint, made.on_step) == (checkpoint, print)


def test_other_detectors_take_none():
    """By default nothing is set."""
    assert detector_settings(Config()) == {}


@pytest.mark.parametrize("changed", [{"base_model": "some/model"}, {"objective": "replaced"}])
def test_settings_of_a_detector_that_is_not_there_are_refused(changed):
    """An option never does nothing."""
    with pytest.raises(ConfigError, match="--model-type huggingface"):
        detector_settings(replace(Config(), **changed))


def test_a_loaded_model_runs_as_the_run_is_set():
    """Each detector that runs on a device is told which, the others are left alone."""
    told = []
    one = SimpleNamespace(use=lambda device, precision: told.append((device, precision)))
    run_as_set(SimpleNamespace(detectors={"fusion": object(), TRANSFORMER: one}), WITH)
    assert told == [("cpu", "fp32")]


def test_an_update_keeps_its_state_too(tmp_path):
    """Detectors with settings get the checkpoint, and keep what they were made with."""
    one = SimpleNamespace(settings=TransformerSettings(objective="replaced"))
    prepare_update(SimpleNamespace(detectors={"fusion": object(), TRANSFORMER: one}), tmp_path / "state", None)
    assert (one.settings.objective, one.settings.checkpoint) == ("replaced", tmp_path / "state")
