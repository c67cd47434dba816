import pytest

from netad.core.addresses import parse_address
from netad.core.errors import ConfigError, ExitCode
from netad.detectors.evaluate.suite import SPLITS, Labels, load_suite, narrowed

GOOD = """\
name: small
window: 30m
splits: [hosts, transplant]
seeds: [3, 1, 3]
inputs:
  - {scenario: office, input: office.log, labels: column}
  - {scenario: worm, input: [worm.pcap, office.log], inside: [10.0.0.0/8], labels: {malicious: [10.0.0.9], normal: all}}
"""


@pytest.fixture
def write(tmp_path):
    """Write a suite beside two inputs that exist; returns its path."""
    for name in ("office.log", "worm.pcap"):
        (tmp_path / name).touch()

    def write(text):
        path = tmp_path / "suite.yaml"
        path.write_text(text)
        return path

    return write


def test_a_suite_says_what_is_evaluated(write, tmp_path):
    """Splits come in the order they are reported, seeds once, paths from the suite's folder."""
    suite = load_suite(write(GOOD))
    assert (suite.name, suite.window, suite.window_ns) == ("small", "30m", 1800 * 10**9)
    assert suite.splits == ("transplant", "hosts")
    assert suite.seeds == (3, 1)
    office, worm = suite.inputs
    assert office.paths == (tmp_path / "office.log",)
    assert office.labels.column
    assert "192.168.0.0/16" in office.inside.text
    assert worm.paths == (tmp_path / "worm.pcap", tmp_path / "office.log")
    assert worm.inside.text == ("10.0.0.0/8",)
    assert worm.labels.malicious == (parse_address("10.0.0.9"),)
    assert worm.labels.all_normal


def test_what_a_suite_leaves_out_has_a_default(write):
    """An hour, every split, seed 0."""
    suite = load_suite(write("name: a\ninputs: [{scenario: a, input: office.log, labels: {normal: 10.0.0.1}}]"))
    assert (suite.window, suite.splits, suite.seeds) == ("1h", SPLITS, (0,))
    assert suite.inputs[0].labels.normal == (parse_address("10.0.0.1"),)


@pytest.mark.parametrize(
    ("old", "new", "line", "sentence"),
    [
        ("name: small", "nmae: small", 1, "unknown key 'nmae'; did you mean 'name'?"),
        ("window: 30m", "window: soon", 2, "'soon' is not a duration such as 30s, 5m or 1h"),
        ("window: 30m", "window: 1ms", 2, "a window lasts at least 1s"),
        ("hosts, ", "hots, ", 3, "'hots' is no split"),
        ("[3, 1, 3]", "[3, -1]", 4, "'-1' is not a seed"),
        ("[3, 1, 3]", "[]", 4, "'seeds' must be a text or a list of texts, not empty"),
        ("office.log, labels", "missing.log, labels", 6, "the input 'missing.log' does not exist"),
        ("labels: column", "labels: colum", 6, "'labels' must be 'column' or a map"),
        ("labels: column", "labels: {}", 6, "'labels' names neither malicious nor normal sources"),
        ("labels: column", "labels: {verdicts: ndjson:x}", 6, "'ndjson:x' is no store of events"),
        ("labels: column", "labels: {verdicts: 'parquet:gone'}", 6, "the store 'gone' does not exist"),
        ("labels: column", "labels: {verdicts: [parquet]}", 6, "'verdicts' must be a text"),
        ("labels: column", "labels: {verdicts: elastic, normal: all}", 6, "leave malicious and normal out"),
        (", labels: column", "", 6, "the key 'labels' is missing"),
        ("[10.0.0.9]", "[10.0.0]", 7, "'10.0.0' is not an address"),
        ("10.0.0.0/8", "10.0.0.0/40", 7, "'10.0.0.0/40' is not a network"),
        ("scenario: worm", "scenario: office", 7, "the scenario 'office' is named twice, first on line 6"),
        ("scenario: worm", "scenario: [worm]", 7, "'scenario' must be a text"),
    ],
)
def test_problems_are_told_with_their_place(write, old, new, line, sentence):
    """One line a problem: file, line, column, sentence; the exit code is that of wrong usage."""
    assert old in GOOD
    path = write(GOOD.replace(old, new, 1))
    with pytest.raises(ConfigError) as caught:
        load_suite(path)
    assert caught.value.exit_code == ExitCode.USAGE
    assert any(told.startswith(f"{path}:{line}:") and sentence in told for told in str(caught.value).splitlines())


def test_all_problems_are_told_at_once(write):
    """A suite with three problems says three."""
    bad = GOOD.replace("30m", "soon").replace("hosts,", "hots,").replace("office.log, l", "missing.log, l")
    with pytest.raises(ConfigError) as caught:
        load_suite(write(bad))
    assert len(str(caught.value).splitlines()) == 3


@pytest.mark.parametrize(
    ("named", "meant"),
    [("parquet:here", "parquet:{}/here"), ("parquet", "parquet:{}/netad-store"), ("elastic:http://es:9200", None)],
)
def test_verdicts_can_say_what_is_malicious(write, tmp_path, named, meant):
    """A store's folder is relative to the suite's, as inputs are."""
    for folder in ("here", "netad-store"):
        (tmp_path / folder).mkdir()
    suite = load_suite(write(GOOD.replace("labels: column", f"labels: {{verdicts: '{named}'}}")))
    assert suite.inputs[0].labels == Labels(verdicts=meant.format(tmp_path) if meant else named)


@pytest.mark.parametrize("text", ["", "- a", "name: [", "name: a\ninputs: []", "name: a\ninputs: [x]"])
def test_what_is_no_suite_is_refused(write, text):
    """Nothing but a configuration error comes out of such files."""
    with pytest.raises(ConfigError):
        load_suite(write(text))


def test_a_suite_that_is_not_there_is_named(tmp_path):
    """The message holds the file's name."""
    with pytest.raises(ConfigError, match=r"nowhere\.yaml"):
        load_suite(tmp_path / "nowhere.yaml")


def test_splits_and_seeds_can_be_narrowed(write):
    """What is asked for replaces the suite's own; nothing leaves it."""
    suite = load_suite(write(GOOD))
    assert narrowed(suite, (), ()) == suite
    few = narrowed(suite, ("recorded",), ("7", "7"))
    assert (few.splits, few.seeds) == (("recorded",), (7,))
    with pytest.raises(ConfigError, match="did you mean 'recorded'"):
        narrowed(suite, ("record",), ())
    with pytest.raises(ConfigError, match="not a seed"):
        narrowed(suite, (), ("x",))
