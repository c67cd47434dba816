import numpy as np

from netad.detectors.transformer.levels import MISSING, Levels
from netad.detectors.transformer.names import Named
from netad.detectors.transformer.text import FIELDS, ProfileText, as_text, levels_of, read, shown
from netad.profiles.features import FEATURES
from netad.profiles.said import COLUMN


def test_every_field_is_a_feature_with_a_word_of_its_own():
    """The template names registered features, and no two by the same word."""
    assert set(FIELDS) <= set(FEATURES.names())
    assert len(set(FIELDS.values())) == len(FIELDS)


def test_a_profile_reads_as_fields_and_names():
    """Field and level, then names by kind, each known or new; missing fields are left out."""
    text = ProfileText((3, MISSING, 7), (Named("domains", True, "evil.top"), Named("domains", False, "a.org")))
    assert shown(text, ("flows", "bytes_out", "bytes_in")) == (
        "flows normal received extreme domains new evil.top known a.org"
    )


def test_frames_become_text(quiet):
    """Each profile of a frame is one line, by the levels of a baseline; equal profiles are equal texts."""
    levels = levels_of(quiet)
    twice = quiet.iloc[[0, 0, 5]].assign(**{COLUMN: ["port tcp/22", "port tcp/22", ""]})
    first, again, other = as_text(twice, levels)
    assert first == again != other
    assert first.endswith("services known ssh")
    assert all(word in first.split() for word in FIELDS.values())


def test_names_are_left_out_when_asked(quiet):
    """Without names a text is its levels alone."""
    levels = Levels.fit(quiet, ["flows"])
    said = quiet.iloc[:2].assign(**{COLUMN: ["port tcp/22", np.nan]})
    codes = levels.apply(said)
    assert [len(one.names) for one in read(codes, said, with_names=True)] == [1, 0]
    assert [one.names for one in read(codes, said, with_names=False)] == [(), ()]
