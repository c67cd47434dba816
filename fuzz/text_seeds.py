"""Seeds of the targets that read logs and payloads, for `python -m fuzz.seeds`."""

from fuzz import facts, logs
from netad.ingest.logs.detect import Format
from tests.ingest.facts.messages import answer, client_hello, numbers, question, server_name, sized, tls_records
from tests.ingest.logs.samples import CONN_FIELDS, conn, eve, lines_of, tsv

_BINETFLOW = """\
StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label
2023/11/14 22:13:20.500000,1.500000,tcp,10.0.0.1,40000,   ->,192.0.2.7,443,FSPA_FSPA,0,0,11,2774,504,flow=Normal
2023/11/14 22:13:21.000000,0.000000,udp,192.0.2.7,53,  <->,10.0.0.1,0x0035,CON,0,0,2,200,80,flow=Background
2023/11/14 22:13:22.000000,0.000000,arp,10.0.0.1,,  who,10.0.0.9,,INT,,,1,60,60,
2023/11/14 22:13:23.000000,5.000000,icmp,10.0.0.1,0x0008,   ->,2001:db8::1,0x0000,ECO,0,,4,392,392,
"""
_NFDUMP = """\
ts,te,td,sa,da,sp,dp,pr,flg,fwd,stos,ipkt,ibyt,opkt,obyt,in,out,sas,das,smk,dmk,dtos,dir,nh,nhb,svln,dvln
2023-11-14 22:13:20,2023-11-14 22:13:22,1.500,10.0.0.1,192.0.2.7,40000,443,TCP,...AP.SF,0,0,6,420,5,2200,0,0,0,0
2023-11-14 22:13:21,2023-11-14 22:13:21,0.000,192.0.2.7,10.0.0.1,53,40001,UDP,........,0,0,1,120,0,0,0,0,0,0
Summary
flows,bytes,packets,avg_bps,avg_pps,avg_bpp
2,540,7,100,1,77
"""
_NFDUMP_17 = """\
firstSeen,duration,proto,srcAddr,srcPort,dstAddr,dstPort,packets,bytes,flows
2023-11-14 22:13:20.500,1.500,ICMP,10.0.0.1,0,192.0.2.7,8.0,4,392,1
"""
_DNS_FIELDS = ("ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "trans_id", "query",
               "qtype", "rcode", "answers")  # fmt: skip


def log_seeds() -> dict[str, bytes]:
    """Return the seeds of `fuzz.logs` by name."""
    dns = conn(trans_id=7, query="www.Example.com", qtype=1, rcode=0, answers="192.0.2.7,www.example.net,2001:db8::7")
    events = [eve(), eve("dns", dns={"type": "query", "rrname": "a.example", "rrtype": "A", "id": 7}),
              eve("tls", tls={"sni": "a.example", "ja3": {"hash": "0" * 32}}),
              eve("http", http={"hostname": "a.example", "http_user_agent": "x", "http_method": "GET"}),
              eve("alert", alert={"signature": "bad", "severity": 1}), eve("stats", stats={})]  # fmt: skip
    zeek = tsv("conn", [conn(), conn(1, id_orig_h="2001:db8::1", proto="udp", history="^dD")], CONN_FIELDS)
    return {
        "zeek conn": logs.seed(Format.ZEEK_TSV, zeek),
        "zeek conn, few": logs.seed(Format.ZEEK_TSV, zeek, 15),
        "zeek conn, commas": logs.seed(Format.ZEEK_TSV, tsv("conn", [conn()], CONN_FIELDS, ",")),
        "zeek dns": logs.seed(Format.ZEEK_TSV, tsv("dns", [dns], _DNS_FIELDS)),
        "zeek json": logs.seed(Format.ZEEK_JSON, lines_of([conn(), {**conn(2), "_path": "conn"}])),
        "zeek json dns": logs.seed(Format.ZEEK_JSON, lines_of([{**dns, "answers": ["192.0.2.7"], "qtype": 1}])),
        "eve": logs.seed(Format.EVE, lines_of(events)),
        "binetflow": logs.seed(Format.BINETFLOW, _BINETFLOW, 3),
        "nfdump": logs.seed(Format.NFDUMP, _NFDUMP),
        "nfdump 1.7": logs.seed(Format.NFDUMP, _NFDUMP_17),
    }


def fact_seeds() -> dict[str, bytes]:
    """Return the seeds of `fuzz.facts` by name."""
    asked, answered = question("www.example.com"), answer("www.example.com", ("192.0.2.7", "2001:db8::7"))
    extensions = (server_name("a.example"), (10, sized(numbers((29, 23)))), (11, sized(b"\0", 1)),
                  (13, sized(numbers((0x0403,)))), (16, sized(sized(b"h2", 1))),
                  (43, sized(numbers((0x0304,)), 1)))  # fmt: skip
    hello = tls_records(client_hello((0x1301, 0x002F), extensions), 40)
    request = b"GET / HTTP/1.1\r\nHost: A.example:80\r\nUser-Agent: x\r\n\r\n"
    return {
        "question": facts.seed(0, asked),
        "answer": facts.seed(1, answered),
        "mdns": facts.seed(2, answer("a.local", ("10.0.0.1",), asked=False)),
        "question over tcp": facts.seed(3, sized(asked), 20),
        "answer over tcp": facts.seed(4, sized(answered)),
        "hello": facts.seed(5, hello),
        "hello in segments": facts.seed(5, hello, 30),
        "request": facts.seed(5, request),
        "request in segments": facts.seed(5, request, 9),
        "between servers": facts.seed(6, asked),
    }
