"""Tests of netad.ingest.facts.batch."""

import numpy as np
import pytest

from netad.ingest.facts.batch import FACT_COLUMNS, FactBatch, FactKind

COMMON = {"time_ns": 5, "orig_hi": 0, "orig_lo": 1, "resp_hi": 0, "resp_lo": 2, "orig_port": 3, "resp_port": 443,
          "protocol": 6}  # fmt: skip
ROW = {**COMMON, "server_name": "example.com", "ja3": "", "ja4": ""}


def test_columns_have_the_types_of_the_contract():
    """Rows become columns of the dtypes that FACT_COLUMNS names, also without any row."""
    for rows in ([ROW, ROW], []):
        batch = FactBatch.from_rows(FactKind.TLS, rows, inputs=("a.pcap",))
        assert len(batch) == len(rows)
        assert {name: str(column.dtype) for name, column in batch.columns.items()} == {
            spec.name: spec.dtype for spec in FACT_COLUMNS[FactKind.TLS]
        }


def test_what_an_input_does_not_carry_is_absent():
    """A column left out is not there at all."""
    batch = FactBatch.from_rows(FactKind.TLS, [ROW], without=("ja4",))
    assert "ja4" not in batch
    assert batch["server_name"].tolist() == ["example.com"]


def test_select_takes_rows():
    """A mask leaves the rows that it names, and the rest of the batch as it was."""
    batch = FactBatch.from_rows(FactKind.TLS, [ROW, {**ROW, "server_name": "b"}], inputs=("a",))
    chosen = batch.select(np.array([False, True]))
    assert (chosen.kind, chosen["server_name"].tolist(), chosen.inputs) == (FactKind.TLS, ["b"], ("a",))


def test_columns_of_different_lengths_are_refused():
    """A batch is a table."""
    with pytest.raises(ValueError, match="different lengths"):
        FactBatch(FactKind.TLS, {"time_ns": np.zeros(2), "ja3": np.zeros(1)})
