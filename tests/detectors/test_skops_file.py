import json
import zipfile

import numpy as np
import pytest
from sklearn.ensemble import IsolationForest
from sklearn.linear_model import LinearRegression

from netad.core.errors import ModelError
from netad.detectors import skops_file
from netad.detectors.skops_file import read_archive, write_archive

ALLOWED = frozenset(
    {"ObjectNode:sklearn.linear_model._base.LinearRegression", "NdArrayNode:numpy.ndarray", "DictNode:builtins.dict",
     "NdArrayNode:numpy.float64", "NdArrayNode:numpy.int32", "NdArrayNode:numpy.int64",
     "JsonNode:builtins.str", "TypeNode:builtins.str", "ListNode:builtins.list", "TupleNode:builtins.tuple"}
)  # fmt: skip


@pytest.fixture
def archive(tmp_path):
    """A small estimator on disk."""
    path = tmp_path / "line.skops"
    write_archive(LinearRegression().fit(np.arange(6.0).reshape(3, 2), np.arange(3.0)), path)
    return path


def rewrite(path, change):
    """Replace an archive's schema by `change(schema)`."""
    with zipfile.ZipFile(path) as archive:
        members = {name: archive.read(name) for name in archive.namelist()}
    members["schema.json"] = json.dumps(change(json.loads(members["schema.json"]))).encode()
    with zipfile.ZipFile(path, "w") as archive:
        for name, content in members.items():
            archive.writestr(name, content)


def test_comes_back_as_it_was(archive):
    """What was written is read."""
    assert read_archive(archive, ALLOWED, ()).predict([[1.0, 2.0]]) == pytest.approx(0.5)


def test_equal_estimators_are_equal_bytes(tmp_path):
    """Addresses, times and memory between the fields of tree nodes leave no trace."""
    rows = np.random.default_rng(0).normal(size=(60, 4))
    for name in ("one", "two"):
        write_archive(IsolationForest(n_estimators=20, random_state=0).fit(rows), tmp_path / name)
    assert (tmp_path / "one").read_bytes() == (tmp_path / "two").read_bytes()


def test_written_again_it_is_the_same(archive, tmp_path):
    """Loading and saving changes no byte."""
    again = tmp_path / "again"
    write_archive(read_archive(archive, ALLOWED, ()), again)
    assert again.read_bytes() == archive.read_bytes()


def test_types_off_the_list_are_refused(archive):
    """An archive with anything that is not on the list is not loaded, however harmless skops thinks it is."""
    with pytest.raises(ModelError, match=r"LinearRegression.*not loaded"):
        read_archive(archive, frozenset(name for name in ALLOWED if "LinearRegression" not in name), ())


def test_a_made_up_type_is_refused(archive):
    """A schema that asks for a function of the operating system is not followed."""

    def evil(schema):
        return schema | {"__loader__": "FunctionNode", "__module__": "os", "__class__": "system"}

    rewrite(archive, evil)
    with pytest.raises(ModelError, match=r"os\.system"):
        read_archive(archive, ALLOWED, ())


def test_the_list_is_not_the_only_guard(archive):
    """What the list lets pass skops still has to trust."""

    def evil(schema):
        return schema | {"__module__": "subprocess", "__class__": "Popen"}

    rewrite(archive, evil)
    with pytest.raises(ModelError, match="not trusted"):
        read_archive(archive, ALLOWED | {"ObjectNode:subprocess.Popen"}, ())


@pytest.mark.parametrize("schema", [[], {}, "text", {"__loader__": "DictNode"}, {"protocol": 99}])
def test_a_senseless_schema_is_damage(archive, schema):
    """A schema that describes nothing is one clear sentence."""
    rewrite(archive, lambda _: schema)
    with pytest.raises(ModelError, match="train the model again"):
        read_archive(archive, ALLOWED, ())


def test_a_broken_array_header_is_damage(archive):
    """NumPy reads array headers as Python text and fails in Python's ways; that too is one clear sentence."""
    with zipfile.ZipFile(archive) as found:
        members = {name: found.read(name) for name in found.namelist()}
    with zipfile.ZipFile(archive, "w") as changed:
        for name, content in members.items():
            changed.writestr(name, content.replace(b"}", b"(") if name.endswith(".npy") else content)
    with pytest.raises(ModelError, match="damaged"):
        read_archive(archive, ALLOWED, ())


@pytest.mark.parametrize("keep", [0, 10, 0.5, 0.9])
def test_a_cut_archive_is_damage(archive, keep):
    """Whatever is left of it, a cut archive is one clear sentence."""
    content = archive.read_bytes()
    archive.write_bytes(content[: int(keep * len(content)) if keep < 1 else keep])
    with pytest.raises(ModelError, match="damaged"):
        read_archive(archive, ALLOWED, ())


def test_a_missing_archive_is_said(tmp_path):
    """A file that is not there is a damaged model, not a traceback."""
    with pytest.raises(ModelError, match="damaged"):
        read_archive(tmp_path / "none.skops", ALLOWED, ())


def test_an_archive_that_unpacks_to_too_much_is_refused(archive, monkeypatch):
    """The unpacked size is bounded before anything is unpacked."""
    monkeypatch.setattr(skops_file, "_MOST_BYTES", 100)
    with pytest.raises(ModelError, match="unpacks to more"):
        read_archive(archive, ALLOWED, ())
