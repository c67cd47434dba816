"""Tests of netad.ingest.logs.binetflow."""

import pytest

from netad.ingest.flows import CONN_STATES, DTYPES, LOG_DTYPES, SLICE, WHOLE
from netad.ingest.logs.states import ACK, FIN, PSH, RST, SYN
from tests.ingest.logs.samples import SECOND, START, flows, parse, rows

HEADER = "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,SrcPkts,Label\n"
LINE = (
    "2023/11/14 22:13:20.500000,1.500000,tcp,10.0.0.1,40000,   ->,192.0.2.7,443,FSPA_FSPA,"
    "0,0,11,2774,504,6,flow=Normal\n"
)


def flow(**more):
    """Return the only flow of a log whose only line is LINE with other fields."""
    names = HEADER.strip().split(",")
    values = dict(zip(names, LINE.strip().split(","), strict=True)) | more
    return rows(flows("binetflow", HEADER + ",".join(values[name] for name in names) + "\n", labels=True)[0])[0]


def test_a_line_is_a_flow():
    """SrcBytes are bytes of frames, and what is left of TotBytes is the destination's."""
    assert flow() == {
        "first_ns": START * SECOND + 500_000_000,
        "last_ns": (START + 2) * SECOND,
        "orig": "10.0.0.1",
        "orig_port": 40000,
        "resp": "192.0.2.7",
        "resp_port": 443,
        "protocol": 6,
        "orig_frame_bytes": 504,
        "resp_frame_bytes": 2270,
        "orig_packets": 6,
        "resp_packets": 5,
        "orig_tcp_flags": FIN | SYN | PSH | ACK,
        "resp_tcp_flags": FIN | SYN | PSH | ACK,
        "conn_state": CONN_STATES.index("SF"),
        "label": "flow=Normal",
        "part": WHOLE | SLICE,
    }


def test_columns_have_the_dtypes_of_the_contract():
    """With packets of each side only where the log says them."""
    columns, _ = flows("binetflow", HEADER + LINE)
    dtypes = DTYPES | LOG_DTYPES
    assert {name: column.dtype for name, column in columns.items()} == {name: dtypes[name] for name in columns}
    assert "label" not in columns
    columns, _ = flows("binetflow", HEADER.replace("SrcPkts,", "") + LINE.replace(",6,flow", ",flow"))
    assert not {"orig_packets", "resp_packets", "orig_ip_bytes"} & columns.keys()


@pytest.mark.parametrize(("mark", "turned"), [("   ->", False), ("   ?>", False), ("  <->", False), ("  <?>", False),
                                              ("  <-", True), ("  <?", True)])  # fmt: skip
def test_directions(mark, turned):
    """An arrow to the source says that the destination began."""
    found = flow(Dir=mark, State="SPA_SRPA")
    assert (found["orig"] == "192.0.2.7") is turned
    assert found["orig_frame_bytes"] == (2270 if turned else 504)
    assert found["orig_tcp_flags"] == SYN | PSH | ACK | (RST if turned else 0)
    assert CONN_STATES[found["conn_state"]] == ("RSTO" if turned else "RSTR")


@pytest.mark.parametrize(
    ("protocol", "state", "name"),
    [
        ("tcp", "S_", "S0"),
        ("tcp", "S_RA", "REJ"),
        ("tcp", "SR_SA", "RSTO"),
        ("tcp", "A_PA", "OTH"),
        ("tcp", "REQ", "S0"),
        ("tcp", "CON", "S1"),
        ("tcp", "FIN", "SF"),
        ("tcp", "RST", "OTH"),
        ("tcp", "S0", "S0"),
        ("tcp", "", "OTH"),
        ("udp", "CON", "SF"),
        ("udp", "INT", "S0"),
        ("udp", "odd", "OTH"),
        ("icmp", "ECO", "OTH"),
    ],
)
def test_states(protocol, state, name):
    """By flags, else by the word Argus uses."""
    assert CONN_STATES[flow(Proto=protocol, State=state, Sport="0x0008")["conn_state"]] == name


@pytest.mark.parametrize(
    ("protocol", "port", "ports"),
    [
        ("icmp", "0x0008", (8, 0)),
        ("icmp", "0x0103", (3, 1)),
        ("icmp", "0x0303", (3, 3)),
        ("ipv6-icmp", "135", (135, 136)),
    ],
)
def test_icmp(protocol, port, ports):
    """The type is the low byte of Argus' source port, the code the high one."""
    found = flow(Proto=protocol, Sport=port, Dport="0xe4f9")
    assert (found["orig_port"], found["resp_port"]) == ports


def test_what_is_not_ip_is_counted():
    """ARP, LLC and Argus' own records are no bad lines."""
    lines = [
        "2023/11/14 22:13:20,0,arp,10.0.0.1,,  who,10.0.0.2,,INT,,,1,60,60,1,",
        "1970/01/01 01:00:00,0,llc,0:0:0:0:0:1,0,   ->,0:0:0:0:0:2,0,INT,,,1,60,60,1,",
        "2023/11/14 22:13:20,0,man,0,0,,0,0,STA,,,0,0,0,0,",
        "2023/11/14 22:13:20,0,odd,10.0.0.1,,   ->,10.0.0.2,,INT,,,1,60,60,1,",
    ]
    columns, report = flows("binetflow", HEADER + "\n".join(lines) + "\n")
    assert columns["protocol"].tolist() == [255]
    assert report.skipped == {"not_ip": 3}


def test_tabs_and_bad_lines():
    """Fields may be parted by tabs; a bad line costs itself."""
    log = (HEADER + LINE + LINE.replace("2023/11", "2023/13") + LINE.replace("10.0.0.1", "x")).replace(",", "\t")
    parts, report = parse("binetflow", log)
    assert [len(part) for part in parts] == [1]
    assert [bad.sentence for bad in report.bad_lines] == [
        "has '2023/13/14 22:13:20.500000' as its start",
        "has 'x' as its source",
    ]
