import pytest


def test_a_port_scan_stands_out(profile, flow):
    """One destination, a hundred refused ports: unique ports and failures say so, unique destinations do not."""
    (row,) = profile([flow(start=p / 100, resp_port=p, state="REJ") for p in range(1, 101)]).to_dict("records")
    assert row["unique_destination_ports"] == row["failed_destination_ports"] == 100
    assert row["unique_destinations"] == row["failed_destinations"] == 1
    assert row["port_ratio"] == 0.01
    assert row["failed_share"] == 1
    assert row["destination_port_entropy"] == pytest.approx(1)
    assert row["destination_entropy"] == 0
    assert row["top_destination_share"] == 1


@pytest.mark.parametrize("protocol", [1, 58, 47])
def test_type_and_code_are_no_ports(profile, flow, protocol):
    """What stands in the port columns of ICMP, and of protocols without ports, is not counted."""
    (row,) = profile([flow(protocol=protocol, orig_port=8, resp_port=3, state="S0")]).to_dict("records")
    assert row["unique_source_ports"] == row["unique_destination_ports"] == row["failed_destination_ports"] == 0
    assert row["port_ratio"] == row["destination_port_entropy"] == 0
    assert row["failed_destinations"] == 1


def test_packets_per_destination_counts_both_directions(profile, flow):
    """Packets there and back, over the destinations they went to."""
    (row,) = profile([flow(lengths=[60, 60], answers=[60]), flow(destination="192.0.2.2")]).to_dict("records")
    assert row["packets_per_destination"] == 2


def test_addresses_that_agree_in_one_half_are_two(profile, flow):
    """IPv6 destinations are told apart by both halves of the address."""
    far = ["2001:db8::1", "2001:db8:0:1::1", "2001:db8::2"]
    (row,) = profile([flow(source="2001:db8::9", destination=address) for address in far]).to_dict("records")
    assert row["unique_destinations"] == 3


def test_what_stays_inside(profile, flow):
    """Inside networks, link-local, multicast and broadcast destinations stay inside; all others do not."""
    near = ["10.9.9.9", "fe80::7", "169.254.3.4", "239.255.255.250", "ff02::fb", "255.255.255.255"]
    (row,) = profile([flow(destination=address) for address in [*near, "8.8.8.8", "2606::1"]]).to_dict("records")
    assert row["inside_destination_share"] == 6 / 8
