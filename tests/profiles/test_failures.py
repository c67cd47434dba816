import pytest


@pytest.mark.parametrize(
    ("state", "feature"),
    [("S0", "attempt_share"), ("REJ", "rejected_share"), ("SF", "completed_share"), ("RSTR", "reset_share"),
     ("SH", "half_open_share"), ("OTH", "midstream_share")],
)  # fmt: skip
def test_states_have_their_shares(profile, flow, state, feature):
    """A state counts in its own share and in no other."""
    (row,) = profile([flow(state=state), flow(state="S1", start=1)]).to_dict("records")
    shares = ("attempt_share", "rejected_share", "completed_share", "reset_share", "half_open_share", "midstream_share")
    assert {name: row[name] for name in shares} == dict.fromkeys(shares, 0) | {feature: 0.5}


def test_failures_are_counted_by_whom_they_met(profile, flow):
    """A destination or port with one failed flow among others has failed; those without have not."""
    records = [flow(state="REJ"), flow(start=1), flow(destination="192.0.2.2", resp_port=80, start=2)]
    (row,) = profile(records).to_dict("records")
    assert (row["failed_destinations"], row["failed_destination_ports"]) == (1, 1)
    assert row["failed_share"] == pytest.approx(1 / 3)


def test_nothing_came_back(profile, flow):
    """Without states, as in NetFlow, flows without an answer still tell."""
    (row,) = profile([flow(answers=[]), flow(answers=[60], start=1)], without=["conn_state"]).to_dict("records")
    assert row["unanswered_share"] == 0.5
