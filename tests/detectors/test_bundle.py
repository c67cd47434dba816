import json

import pytest

from netad.core.errors import ModelError
from netad.detectors import bundle
from netad.detectors.bundle import feature_set, read_bundle, read_json, write_bundle


@pytest.fixture
def folder(tmp_path):
    """A folder in model form."""
    target = tmp_path / "model"
    write_bundle(target, {"features": feature_set(), "mark": 1}, fill("first"))
    return target


def fill(text):
    def write(place):
        (place / "sub").mkdir()
        (place / "sub" / "data.txt").write_text(text)

    return write


def change(folder, **values):
    path = folder / "manifest.json"
    path.write_text(json.dumps(json.loads(path.read_text()) | values))


def test_what_was_written_is_read(folder):
    """The manifest comes back, with a hash for every file."""
    manifest = read_bundle(folder)
    assert manifest["mark"] == 1
    assert list(manifest["files"]) == ["sub/data.txt"]


def test_a_model_is_replaced_whole(folder):
    """Another model takes the place of the old one; nothing else stays behind in the folder beside it."""
    write_bundle(folder, {"features": feature_set(), "mark": 2}, fill("second"))
    assert read_bundle(folder)["mark"] == 2
    assert (folder / "sub" / "data.txt").read_text() == "second"
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


def test_a_failed_write_leaves_the_old_model(folder):
    """When writing fails half-way the old model is untouched, and the rest is gone."""

    def fail(place):
        (place / "half").write_text("half")
        raise OSError(28, "No space left on device")

    with pytest.raises(ModelError, match="No space left"):
        write_bundle(folder, {}, fail)
    assert read_bundle(folder)["mark"] == 1
    assert [path.name for path in folder.parent.iterdir()] == ["model"]


@pytest.mark.parametrize("there", ["folder", "file", "other manifest"])
def test_what_is_no_model_is_not_overwritten(tmp_path, there):
    """A folder with other things in it, or a file, is left alone."""
    target = tmp_path / "home"
    if there == "file":
        target.write_text("mine")
    else:
        target.mkdir()
        (target / ("manifest.json" if there == "other manifest" else "thesis.txt")).write_text('{"format": "mine"}')
    with pytest.raises(ModelError, match="is not overwritten"):
        write_bundle(target, {}, fill("x"))
    assert target.is_file() or len(list(target.iterdir())) == 1


def test_an_empty_folder_is_taken(tmp_path):
    """An empty folder that waits for the model is used."""
    write_bundle(tmp_path, {"features": feature_set()}, fill("x"))
    assert read_bundle(tmp_path)


def test_a_missing_folder_names_the_command(tmp_path):
    """Whoever has no model is told how to make one."""
    with pytest.raises(ModelError, match="netad train --model"):
        read_bundle(tmp_path / "none")


def test_a_folder_without_manifest_is_no_model(tmp_path):
    """A folder that holds no manifest is no model."""
    with pytest.raises(ModelError, match=r"holds no manifest\.json"):
        read_bundle(tmp_path)


@pytest.mark.parametrize("content", ["", "{", "[1]", '"text"', "\0", "[" * 100_000])
def test_a_damaged_manifest_is_said(folder, content):
    """A manifest that is no JSON object is one clear sentence."""
    (folder / "manifest.json").write_text(content)
    with pytest.raises(ModelError, match="damaged"):
        read_bundle(folder)


def test_a_huge_manifest_is_not_read(folder, monkeypatch):
    """The manifest's size is bounded."""
    monkeypatch.setattr(bundle, "_MOST_JSON_BYTES", 50)
    with pytest.raises(ModelError, match="larger"):
        read_json(folder / "manifest.json")


@pytest.mark.parametrize(
    ("values", "sentence"),
    [
        ({"format": "zip"}, "no model of netad"),
        ({"format_version": 99}, "format version 99, this netad reads 2: train it again"),
        ({"format_version": None}, "format version None"),
        ({"features": None}, "damaged"),
        ({"features": {"names": [1], "hash": "x"}}, "damaged"),
        ({"files": None}, "damaged"),
        ({"files": {}}, "damaged"),
        ({"files": {f"f{number}": "0" for number in range(1000)}}, "damaged"),
        ({"files": {"../../etc/passwd": "0"}}, "outside of it"),
        ({"files": {"/etc/passwd": "0"}}, "outside of it"),
        ({"files": {"sub/../../x": "0"}}, "outside of it"),
        ({"files": {"sub\\data.txt": "0"}}, "outside of it"),
        ({"files": {"sub/data.txt": "0" * 64}}, "has changed since it was written"),
        ({"files": {"sub/other.txt": "0" * 64}}, "is missing"),
    ],
)
def test_mismatches_are_one_clear_sentence(folder, values, sentence):
    """Whatever in the manifest does not fit is refused, and the sentence says why."""
    change(folder, **values)
    with pytest.raises(ModelError, match=sentence):
        read_bundle(folder)


def test_another_feature_set_is_named(folder):
    """The sentence names what is missing and what is too much, and what to do."""
    names = [name for name in feature_set()["names"] if name != "flows"]
    change(folder, features={"names": [*names, "moon_phase"], "hash": "0"})
    with pytest.raises(ModelError, match=r"missing: flows, extra: moon_phase\): train it again with netad train"):
        read_bundle(folder)


def test_another_definition_is_noticed(folder):
    """The same names with another definition are another feature set."""
    change(folder, features=feature_set() | {"hash": "0"})
    with pytest.raises(ModelError, match="another definition"):
        read_bundle(folder)


def test_a_changed_file_is_noticed(folder):
    """One changed byte is enough."""
    (folder / "sub" / "data.txt").write_text("firsT")
    with pytest.raises(ModelError, match=r"sub/data\.txt has changed"):
        read_bundle(folder)


def test_a_file_too_many_is_noticed(folder):
    """A file that nobody wrote down is refused; hidden ones, which file managers leave, are not."""
    (folder / ".DS_Store").write_text("")
    read_bundle(folder)
    (folder / "sub" / "extra.skops").write_text("")
    with pytest.raises(ModelError, match=r"sub/extra\.skops"):
        read_bundle(folder)


def test_links_are_refused(folder, tmp_path):
    """A link in place of a file or a folder is not followed."""
    (folder / "sub").rename(tmp_path / "elsewhere")
    (folder / "sub").symlink_to(tmp_path / "elsewhere")
    with pytest.raises(ModelError, match="link instead of a file"):
        read_bundle(folder)


def test_a_folder_that_cannot_be_written_is_said(tmp_path):
    """A target below a file cannot be written, and the sentence says so."""
    (tmp_path / "file").write_text("")
    with pytest.raises(ModelError, match="cannot be written"):
        write_bundle(tmp_path / "file" / "model", {}, fill("x"))
