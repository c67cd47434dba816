import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import parse_address
from netad.ingest.arrow import columns_from_table, columns_to_table, to_readable_table
from netad.ingest.flows import DTYPES, FlowBatch


@st.composite
def batch(draw):
    """Batches of random records."""
    rows = draw(st.integers(0, 5))
    numbers = np.random.default_rng(draw(st.integers(0, 1000)))
    columns = {}
    for name, dtype in DTYPES.items():
        if dtype.kind == "S":
            columns[name] = np.array([b"ShADad"] * rows, dtype=dtype)
        else:
            columns[name] = numbers.integers(0, 10, rows).astype(dtype)
    columns["input"] %= 2
    return FlowBatch(columns, ("a.pcap", "b.pcap"))


@given(batch())
def test_tables_give_the_columns_back(given_batch):
    """Every column survives with its dtype."""
    back = columns_from_table(columns_to_table(given_batch.columns))
    for name, column in given_batch.columns.items():
        np.testing.assert_array_equal(back[name], column)
        assert back[name].dtype == column.dtype


def test_readable_tables_have_text_and_no_codes():
    """Addresses, states, times, the input's path and, when asked for, the Community ID are what people read."""
    high, low = parse_address("10.0.0.1")
    record = dict.fromkeys(DTYPES, 0) | {"orig_hi": high, "orig_lo": low, "resp_hi": high, "resp_lo": low + 1}
    record |= {"protocol": 6, "conn_state": 2, "tunnel": 3, "history": b"ShADad", "first_ns": 1}
    batch = FlowBatch.from_records([record], ("a.pcap",))
    assert "community_id" not in to_readable_table(batch).column_names
    row = to_readable_table(batch, community_id=True).to_pylist()[0]
    assert (row["orig_addr"], row["resp_addr"]) == ("10.0.0.1", "10.0.0.2")
    assert (row["conn_state"], row["history"], row["tunnel"]) == ("SF", "ShADad", "vxlan")
    assert row["community_id"].startswith("1:")
    assert row["input"] == "a.pcap"
    assert not {"orig_hi", "part"} & set(row)
    cut = FlowBatch.from_records([record | {"opened_ns": 1}], ("a.pcap",))
    assert to_readable_table(cut).equals(to_readable_table(batch))
