import numpy as np
import pytest

from netad.config import Config
from netad.core.errors import InputError
from netad.ingest.flows import FlowBatch
from netad.reading import Reading, all_profiles


def test_profiles_and_flows_agree(office):
    """What profiles count is what the flows hold, and nothing else."""
    config = Config()
    sent = []

    def count(batch):
        if isinstance(batch, FlowBatch):
            sent.append(int(batch["orig_packets"].sum()))

    frame = all_profiles(Reading(config, [str(office)]), count).frame
    assert int(frame["packets_out"].sum()) <= sum(sent)
    assert np.isclose(frame["packets_out"].sum(), sum(sent), rtol=0.05)


def test_nothing_readable_is_an_input_error(tmp_path):
    """Without any readable input there is nothing to report."""
    with pytest.raises(InputError, match="missing"):
        all_profiles(Reading(Config(), [str(tmp_path / "missing.pcap")]))
