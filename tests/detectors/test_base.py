"""The contract of a detector, held against every registered one, and the lightness of the contract itself."""

import subprocess
import sys
import zipfile

import numpy as np
import pytest

from netad.core.errors import ConfigError, MissingExtraError
from netad.detectors.base import DETECTORS, Detector
from netad.profiles.features import FEATURES

every_detector = pytest.mark.parametrize("name", [*DETECTORS, "pyod:KNN", "pyod:ECOD"])


def fitted(name, rows, seed=0):
    detector = DETECTORS.load(name)()
    detector.fit(rows, seed=seed)
    return detector


def test_the_contract_imports_no_scikit_learn():
    """Who only names detectors does not wait for scikit-learn."""
    code = "import sys, netad.detectors.base; sys.exit('sklearn' in sys.modules)"
    assert subprocess.run([sys.executable, "-c", code], check=False).returncode == 0


@every_detector
def test_is_a_detector(name):
    """It has all the contract asks for, goes by its registered name, and its tail's shape is in range."""
    detector = DETECTORS.load(name)()
    assert isinstance(detector, Detector)
    assert detector.name == name
    assert -1 < detector.tail_shape < 1


@every_detector
def test_same_seed_same_scores(name, quiet):
    """Fitted twice with one seed it scores the same to the last bit."""
    assert np.array_equal(fitted(name, quiet, 7).score(quiet), fitted(name, quiet, 7).score(quiet))


@every_detector
def test_input_is_not_changed(name, quiet):
    """Neither fitting nor scoring changes the profiles."""
    given = quiet.copy(deep=True)
    fitted(name, given).score(given)
    assert given.equals(quiet)


@every_detector
def test_column_order_is_irrelevant(name, quiet):
    """Columns count by name, in fitting and in scoring."""
    shuffled = quiet[list(reversed(quiet.columns))]
    expected = fitted(name, quiet).score(quiet)
    assert np.array_equal(fitted(name, shuffled).score(quiet), expected)
    assert np.array_equal(fitted(name, quiet).score(shuffled), expected)


@every_detector
def test_keys_are_not_looked_at(name, quiet):
    """Address, time and place of a profile do not change its score."""
    moved = quiet.assign(source="192.0.2.1", source_lo=np.uint64(1), window_start_ns=0, window_end_ns=1, inside=False)
    detector = fitted(name, quiet)
    assert np.array_equal(detector.score(moved), detector.score(quiet))


@every_detector
@pytest.mark.parametrize("hole", [np.nan, np.inf, -np.inf, 1e300])
def test_odd_values_survive(name, hole, quiet):
    """Missing, infinite and monstrous values, also a whole column of them, give finite scores."""
    holed = quiet.copy()
    names = FEATURES.names()
    holed.loc[:50, names[3]] = hole
    holed[names[5]] = hole
    assert np.isfinite(fitted(name, holed).score(quiet)).all()
    assert np.isfinite(fitted(name, quiet).score(holed)).all()


@every_detector
def test_a_row_scores_the_same_in_any_company(name, quiet):
    """A profile's score depends on nothing that is scored beside it; no profile gives no score."""
    detector = fitted(name, quiet)
    scores = detector.score(quiet)
    assert scores.shape == (200,)
    assert scores.dtype == np.float64
    assert np.array_equal(detector.score(quiet.iloc[50:60]), scores[50:60])
    assert detector.score(quiet.iloc[:0]).shape == (0,)


@every_detector
def test_planted_outliers_score_higher(name, profiles, flooding, quiet):
    """Profiles that do far too much are told from unseen quiet ones: AUROC of at least 0.9."""
    detector = fitted(name, quiet)
    good, bad = detector.score(profiles(200, seed=1)), detector.score(flooding(profiles(50, seed=2)))
    assert (bad[:, None] > good[None, :]).mean() >= 0.9


@every_detector
@pytest.mark.parametrize("count", [1, 2, 3])
def test_few_rows_are_enough(name, count, quiet, profiles):
    """One training row works, two and three as well."""
    assert np.isfinite(fitted(name, profiles(count)).score(quiet)).all()


@every_detector
@pytest.mark.parametrize("count", [1, 200])
def test_saved_and_loaded_it_scores_the_same(name, count, tmp_path, quiet, profiles):
    """What comes back from disk scores the same to the last bit."""
    detector = fitted(name, profiles(count))
    detector.save(tmp_path)
    assert np.array_equal(DETECTORS.load(name).load(tmp_path).score(quiet), detector.score(quiet))


@every_detector
def test_saves_the_same_bytes(name, tmp_path, quiet):
    """Fitted and saved twice, the files are equal."""
    saved = []
    for place in ("one", "two"):
        folder = tmp_path / place
        folder.mkdir()
        fitted(name, quiet).save(folder)
        saved.append({path.relative_to(folder): path.read_bytes() for path in folder.rglob("*") if path.is_file()})
    assert saved[0] == saved[1]


@every_detector
def test_saves_without_pickle(name, tmp_path, quiet):
    """No file, and no member of an archive, is a pickle."""
    fitted(name, quiet).save(tmp_path)
    files = [path for path in tmp_path.rglob("*") if path.is_file()]
    assert files
    for path in files:
        contents = {path.name: path.read_bytes()}
        if zipfile.is_zipfile(path):
            with zipfile.ZipFile(path) as archive:
                contents |= {member: archive.read(member) for member in archive.namelist()}
        for member, content in contents.items():
            assert not member.endswith((".pkl", ".pickle", ".joblib"))
            # Protocols 2 to 5 begin with PROTO; 0 and 1 end with STOP after a GLOBAL or a dict.
            assert not (content[:1] == b"\x80" and content[1:2] in b"\x02\x03\x04\x05")
            assert not (content[:1] in b"c(}]" and content[-1:] == b".")


def test_new_sources_are_looked_at_without_their_past(quiet, profiles):
    """The fusion scores a source without a past by other members, and still row by row."""
    detector = fitted("fusion", quiet)
    rows = profiles(20, seed=4)
    strange = detector.score(rows.assign(known_source=False))
    assert not np.allclose(strange, detector.score(rows))
    mixed = rows.assign(known_source=[True, False] * 10)
    assert np.array_equal(detector.score(mixed)[1::2], strange[1::2])


@pytest.mark.parametrize("name", ["crystal_ball", "pyod:CrystalBall", "pyod:", "pyod:base.BaseDetector"])
def test_unknown_detectors_are_said(name):
    """A name that nobody has is the operator's mistake."""
    with pytest.raises(ConfigError):
        DETECTORS.load(name)


def test_without_pyod_the_extra_is_named(monkeypatch):
    """PyOD is optional: without it the message says what to install."""
    monkeypatch.setitem(sys.modules, "pyod.models.base", None)
    with pytest.raises(MissingExtraError, match=r"netad\[pyod\]"):
        DETECTORS.load("pyod:KNN")


def test_packages_bring_detectors(tmp_path, monkeypatch, quiet):
    """An installed package's entry point `netad.detectors` is found by name; one that is no detector is refused."""
    info = tmp_path / "strange-1.0.dist-info"
    info.mkdir()
    (info / "METADATA").write_text("Metadata-Version: 2.1\nName: strange\nVersion: 1.0\n")
    (info / "entry_points.txt").write_text(
        "[netad.detectors]\nstrange = netad.detectors.neighbours:NeighboursDetector\n"
        "hollow = json:JSONDecoder\nlost = no_such_module:Detector\n"
    )
    monkeypatch.syspath_prepend(str(tmp_path))
    assert "strange" in DETECTORS
    assert np.isfinite(fitted("strange", quiet).score(quiet)).all()
    for broken in ("hollow", "lost"):
        with pytest.raises(ConfigError, match=broken):
            DETECTORS.load(broken)
