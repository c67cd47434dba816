"""What the tests of the transformer share: texts, an encoder over the tiny base model, and small networks."""

import pytest

from netad.detectors.transformer.levels import NORMAL
from netad.detectors.transformer.names import Named
from netad.detectors.transformer.text import FIELDS, ProfileText
from netad.profiles.features import FEATURES

pytest.importorskip("torch", reason="the extra transformers is not installed")

from netad.detectors.transformer import base_model
from netad.detectors.transformer.encoding import NAME_KINDS, TextEncoder
from netad.detectors.transformer.likelihood import usual
from netad.detectors.transformer.network import build


def make_text(number=0, names=(("domains", False, "a.org"),)):
    """A text whose levels follow from a number, with names as (kind, new, text)."""
    step = {"low": -1}
    levels = tuple(NORMAL + (number + place) % 3 * step.get(FEATURES[name].suspicious, 1)
                   for place, name in enumerate(FIELDS))  # fmt: skip
    return ProfileText(levels, tuple(Named(*one) for one in names))


@pytest.fixture(scope="session")
def text():
    """Makes a text: see `make_text`."""
    return make_text


@pytest.fixture
def encoder(tiny_base):
    """An encoder over all fields with the tiny tokenizer."""
    return TextEncoder.load(tiny_base.folder / base_model.TOKENIZER, tuple(FIELDS), tiny_base.most_tokens)


@pytest.fixture
def network(tiny_base, encoder):
    """An untrained network over the tiny base model."""
    return build(tiny_base, encoder.pad, seed=1)


@pytest.fixture
def usual_of(encoder):
    """Returns how often words stand in their slots among texts, as logarithms."""
    marks = {kind: len(encoder.fields) + place for place, kind in enumerate(NAME_KINDS)}
    return lambda texts: usual(texts, marks, encoder.allowed)
