"""Tests of netad.ingest.arrow_columns."""

import subprocess
import sys
import tempfile

import numpy as np
from hypothesis import given
from hypothesis import strategies as st

from netad.core.addresses import V4_PREFIX, format_address
from netad.ingest.arrow_columns import address_texts, byte_texts, fixed_texts, named, numbers, texts

HALVES = st.one_of(
    st.tuples(st.just(0), st.integers(0, (1 << 32) - 1).map(lambda low: V4_PREFIX | low)),
    st.tuples(st.just(0), st.integers(0, (1 << 34))),
    st.lists(st.sampled_from([0, 1, 0xFFFF, 0x2001]), min_size=8, max_size=8).map(
        lambda words: tuple(sum(word << 48 - 16 * at for at, word in enumerate(words[k : k + 4])) for k in (0, 4))
    ),
    st.tuples(st.integers(0, (1 << 64) - 1), st.integers(0, (1 << 64) - 1)),
)


@given(st.lists(HALVES, max_size=12))
def test_addresses_have_the_text_that_single_ones_have(pairs):
    """IPv4 and IPv6 mixed, in the order of the column, every distinct one once in the dictionary."""
    high, low = (np.array([pair[at] for pair in pairs], dtype=np.uint64) for at in (0, 1))
    found = address_texts(high, low)
    assert found.to_pylist() == [format_address(*pair) for pair in pairs]
    assert len(found.dictionary) == len(set(pairs))


@given(st.lists(st.sampled_from([b"", b"S", b"ShADadFf", b"x" * 24])))
def test_bytes_become_text(values):
    """Texts of any length up to the column's, each distinct one once in the dictionary."""
    found = byte_texts(np.array(values, dtype="S24"))
    assert found.to_pylist() == [value.decode() for value in values]
    assert len(found.dictionary) == len(set(values))


def test_a_part_of_a_column_is_taken_as_such():
    """Views that are not contiguous give their own rows."""
    column = np.array([b"a", b"bc", b"", b"d"], dtype="S2")
    assert byte_texts(column[::2]).to_pylist() == ["a", ""]
    assert fixed_texts(np.array([b"ab", b"cd", b"ef"])[::2]).to_pylist() == ["ab", "ef"]
    assert fixed_texts(np.array([], dtype="S2")).to_pylist() == []


@given(st.lists(st.booleans()), st.lists(st.integers(0, (1 << 64) - 1)))
def test_numbers_and_truths_keep_type_and_value(truths, values):
    """Every dtype has Arrow's type of the same width; truths are packed."""
    assert numbers(np.array(truths, dtype=bool)).to_pylist() == truths
    found = numbers(np.array(values, dtype=np.uint64))
    assert (found.to_pylist(), str(found.type)) == (values, "uint64")


def test_names_stand_for_codes():
    """Codes point into the names, whatever their dtype; a file name's odd bytes do not fail."""
    assert named(np.array([2, 0, 2], dtype=np.uint8), ("x", "", "é")).to_pylist() == ["é", "x", "é"]
    assert texts(["a", "odd\udcff"]).to_pylist() == ["a", "odd?"]


def test_pandas_is_not_imported():
    """Arrow's own conversion would import it, which takes longer than writing a small file."""
    code = (
        "import sys, numpy as np\n"
        "from netad.core.addresses import Networks\n"
        "from netad.ingest.flows import DTYPES, WHOLE, FlowBatch\n"
        "from netad.outputs.flow_files import write_flows\n"
        "from netad.outputs.origin import Origin\n"
        "batch = FlowBatch.from_records([dict.fromkeys(DTYPES, 0) | {'history': b'D', 'part': WHOLE}], ('x',))\n"
        "origin = Origin(observer='o', namespace='default', run_id='r', agent_version='0', agent_id='a')\n"
        "for name in ('x.parquet', 'x.csv', 'x.log', 'x.json'):\n"
        "    write_flows([batch], sys.argv[1] + '/' + name, origin, Networks.parse(['10.0.0.0/8']))\n"
        "print(sorted({'pandas', 'elasticsearch', 'sklearn'} & set(sys.modules)))\n"
    )
    with tempfile.TemporaryDirectory() as folder:
        done = subprocess.run([sys.executable, "-c", code, folder], capture_output=True, text=True, check=True)
    assert done.stdout.strip() == "[]"
