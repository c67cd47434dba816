import pytest

from netad.core.addresses import Networks, parse_address
from netad.core.errors import ConfigError, OutputError
from netad.ingest.flows import DTYPES, WHOLE, FlowBatch
from netad.outputs.enrich.disguise import Disguise
from netad.outputs.events import Origin
from netad.outputs.flow_files import write_flows

INSIDE = Networks.parse(["10.0.0.0/8"])
ORIGIN = Origin(observer="o", namespace="default", run_id="r", agent_version="0", agent_id="a")


def batch(count):
    return FlowBatch.from_records(
        [dict.fromkeys(DTYPES, 0) | {"history": b"D", "first_ns": n, "part": WHOLE} for n in range(count)], ("x",)
    )


@pytest.mark.parametrize("suffix", ["parquet", "csv", "ndjson", "log", "json"])
@pytest.mark.parametrize("sizes", [(), (3,), (3, 0, 2)])
def test_every_flow_is_in_the_file(tmp_path, suffix, sizes):
    """Each format holds every flow of every batch; an empty file still has its columns."""
    import pyarrow.csv
    import pyarrow.parquet

    target = tmp_path / f"flows.{suffix}"
    assert write_flows(map(batch, sizes), str(target), ORIGIN, INSIDE) == sum(sizes)
    if suffix in ("ndjson", "json", "log"):
        rows = sum(not line.startswith("#") for line in target.read_text().splitlines())
    else:
        table = pyarrow.parquet.read_table(target) if suffix == "parquet" else pyarrow.csv.read_csv(target)
        rows = table.num_rows
        assert "orig_addr" in table.column_names
    assert rows == sum(sizes)


def test_the_format_can_be_named(tmp_path, capfdbinary):
    """A named format wins over the suffix, on stdout too; Parquet cannot go there."""
    write_flows([batch(2)], str(tmp_path / "flows.txt"), ORIGIN, INSIDE, named="zeek")
    assert (tmp_path / "flows.txt").read_text().startswith("#separator")
    write_flows([batch(2)], "-", ORIGIN, INSIDE, named="zeek-json")
    assert capfdbinary.readouterr().out.startswith(b'{"ts":0.000000,')
    with pytest.raises(ConfigError, match="parquet needs a file"):
        write_flows([batch(1)], "-", ORIGIN, INSIDE, named="parquet")


@pytest.mark.parametrize("suffix", ["parquet", "csv"])
def test_the_community_id_is_there_when_asked_for(tmp_path, suffix):
    """It costs as much as all the rest, so Parquet and CSV have it on request."""
    import pyarrow.csv
    import pyarrow.parquet

    read = pyarrow.parquet.read_table if suffix == "parquet" else pyarrow.csv.read_csv
    for wanted in (False, True):
        target = tmp_path / f"{wanted}.{suffix}"
        write_flows([batch(2)], str(target), ORIGIN, INSIDE, community_id=wanted)
        assert ("community_id" in read(target).column_names) is wanted


def test_parquet_has_plain_types(tmp_path):
    """Readers find texts, numbers and times in UTC, not categories."""
    import pyarrow as pa
    import pyarrow.parquet

    write_flows([batch(3), batch(2)], str(tmp_path / "x.parquet"), ORIGIN, INSIDE)
    table = pyarrow.parquet.read_table(tmp_path / "x.parquet")
    types = {field.name: field.type for field in table.schema}
    assert types["orig_addr"] == types["history"] == types["input"] == pa.string()
    assert types["first"] == pa.timestamp("ns", "UTC")
    assert (types["orig_port"], types["orig_packets"]) == (pa.uint16(), pa.int64())
    assert table["first"].cast(pa.int64()).to_pylist() == [0, 1, 2, 0, 1]
    assert table["input"].to_pylist() == ["x"] * 5


def test_dash_is_csv_on_stdout(capfdbinary):
    """`-` streams CSV."""
    write_flows([batch(2)], "-", ORIGIN, INSIDE)
    assert len(capfdbinary.readouterr().out.splitlines()) == 3


def test_wrong_places_are_sentences(tmp_path):
    """An unknown suffix is a usage error, an unwritable place an output error; nothing is left behind."""
    with pytest.raises(ConfigError, match="xlsx"):
        write_flows([batch(1)], "flows.xlsx", ORIGIN, INSIDE)
    (tmp_path / "file").write_text("")
    with pytest.raises(OutputError, match="cannot be written"):
        write_flows([batch(1)], str(tmp_path / "file" / "flows.csv"), ORIGIN, INSIDE)
    assert [path.name for path in tmp_path.iterdir()] == ["file"]


@pytest.mark.parametrize("suffix", ["parquet", "csv", "ndjson", "log", "json"])
def test_addresses_are_hidden_in_every_format(tmp_path, suffix):
    """And directions stay, since networks are disguised as addresses are."""
    import pyarrow.parquet

    (high, low), (outside_high, outside_low) = parse_address("10.0.0.5"), parse_address("198.51.100.7")
    ends = {"orig_hi": high, "orig_lo": low, "resp_hi": outside_high, "resp_lo": outside_low}
    record = dict.fromkeys(DTYPES, 0) | {"history": b"D", "part": WHOLE, "protocol": 6, **ends}
    target, disguise = tmp_path / f"flows.{suffix}", Disguise(bytes(range(32)))
    flows = FlowBatch.from_records([record], ("10.0.0.5.pcap",))
    write_flows([flows], str(target), ORIGIN, INSIDE, disguise=disguise)
    text = str(pyarrow.parquet.read_table(target).to_pylist()) if suffix == "parquet" else target.read_text()
    assert disguise.text("10.0.0.5") in text
    assert "10.0.0.5" not in text
    assert "198.51.100.7" not in text
    if suffix == "ndjson":
        assert '"direction":"outbound"' in text
    if suffix == "json":
        assert '"local_orig":true' in text
        assert '"local_resp":false' in text
