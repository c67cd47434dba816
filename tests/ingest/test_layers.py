"""Tests of netad.ingest.layers."""

from dpkt import ethernet, pcap

from netad.ingest import layers


def test_types_are_the_assigned_ones():
    """Ethernet types and link types have the numbers that dpkt knows them by."""
    assert (layers.IP4, layers.IP6, layers.ARP) == (
        ethernet.ETH_TYPE_IP,
        ethernet.ETH_TYPE_IP6,
        ethernet.ETH_TYPE_ARP,
    )
    assert (
        ethernet.ETH_TYPE_PPPoE,
        ethernet.ETH_TYPE_PPP,
        ethernet.ETH_TYPE_TEB,
    ) == (layers.PPPOE, layers.PPP_ETHERTYPE, layers.BRIDGED)
    assert {ethernet.ETH_TYPE_8021Q, ethernet.ETH_TYPE_8021AD} <= layers.VLAN_TAGS
    assert {ethernet.ETH_TYPE_MPLS, ethernet.ETH_TYPE_MPLS_MCAST} == layers.MPLS
    links = (layers.ETHERNET_FRAME, layers.PPP_FRAME, layers.WIFI_FRAME)
    known = (pcap.DLT_EN10MB, pcap.DLT_PPP, pcap.DLT_IEEE802_11)
    assert tuple(link - layers.LINK for link in links) == known


def test_numbers_of_types_and_links_are_apart():
    """No Ethernet type can be taken for a link type, nor for netad's own numbers."""
    assert layers.LINK > 0xFFFF
    assert layers.PADDED_WIFI_FRAME < 0 <= layers.LLC_HEADER < layers.FIRST_ETHERTYPE
