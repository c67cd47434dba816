import pytest

from netad.core.addresses import Networks
from netad.core.errors import ConfigError, OutputError
from netad.ingest.flows import DTYPES, WHOLE, FlowBatch
from netad.outputs.events import Origin
from netad.outputs.flow_files import write_flows

INSIDE = Networks.parse(["10.0.0.0/8"])
ORIGIN = Origin(observer="o", namespace="default", run_id="r", agent_version="0", agent_id="a")


def batch(count):
    return FlowBatch.from_records(
        [dict.fromkeys(DTYPES, 0) | {"history": b"D", "first_ns": n, "part": WHOLE} for n in range(count)], ("x",)
    )


@pytest.mark.parametrize("suffix", ["parquet", "csv", "ndjson"])
@pytest.mark.parametrize("sizes", [(), (3,), (3, 0, 2)])
def test_every_flow_is_in_the_file(tmp_path, suffix, sizes):
    """Each format holds every flow of every batch; an empty file still has its columns."""
    import pyarrow.csv
    import pyarrow.parquet

    target = tmp_path / f"flows.{suffix}"
    assert write_flows(map(batch, sizes), str(target), ORIGIN, INSIDE) == sum(sizes)
    if suffix == "ndjson":
        rows = len(target.read_text().splitlines())
    else:
        table = pyarrow.parquet.read_table(target) if suffix == "parquet" else pyarrow.csv.read_csv(target)
        rows = table.num_rows
        assert "orig_addr" in table.column_names
    assert rows == sum(sizes)


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
