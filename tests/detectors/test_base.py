"""The contract of a detector, held against every registered one."""

import zipfile

import numpy as np
import pytest
from netad.profiles.features import FEATURES
from tests.detectors.conftest import quiet_profiles, scanning

from netad.detectors.base import DETECTORS, Detector

pytestmark = pytest.mark.parametrize("name", list(DETECTORS))


def fitted(name, profiles, seed=0):
    detector = DETECTORS.load(name)()
    detector.fit(profiles, seed=seed)
    return detector
