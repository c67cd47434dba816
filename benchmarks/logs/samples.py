"""Logs to time readers on: made by seed, one line a record, as Zeek, Suricata and Argus write them."""

import json
from collections.abc import Callable, Iterator, Mapping
from datetime import UTC, datetime, timedelta
from pathlib import Path
from random import Random
from typing import Any, Final

_SEED: Final = 20_240_101
_START: Final = datetime(2024, 1, 1, tzinfo=UTC)
_CONN_FIELDS: Final = (
    "ts", "uid", "id.orig_h", "id.orig_p", "id.resp_h", "id.resp_p", "proto", "service", "duration", "orig_bytes",
    "resp_bytes", "conn_state", "local_orig", "local_resp", "missed_bytes", "history", "orig_pkts", "orig_ip_bytes",
    "resp_pkts", "resp_ip_bytes", "tunnel_parents",
)  # fmt: skip
_CONN_TYPES: Final = (
    "time", "string", "addr", "port", "addr", "port", "enum", "string", "interval", "count", "count", "string", "bool",
    "bool", "count", "string", "count", "count", "count", "count", "set[string]",
)  # fmt: skip
_SERVICES: Final = (("tcp", "ssl", 443), ("udp", "dns", 53), ("tcp", "http", 80), ("tcp", "-", 22), ("udp", "-", 123))
_STATES: Final = (("SF", "ShADadFf"), ("SF", "ShADadFf"), ("S0", "S"), ("REJ", "Sr"), ("RSTO", "ShADadR"))
_BYTES_OF_FRAME: Final = 14


def _flows(count: int) -> Iterator[dict[str, Any]]:
    """Yield flows of a day, in the order of time."""
    random = Random(_SEED)  # noqa: S311 - no secret
    for number in range(count):
        proto, service, port = random.choices(_SERVICES, (45, 30, 12, 8, 5))[0]
        state, history = random.choice(_STATES) if proto == "tcp" else ("SF", "Dd")
        sent, received = random.randint(1, 60), 0 if state == "S0" else random.randint(1, 90)
        v6 = random.random() < 0.12
        yield {
            "at": 86_400 * number / count,
            "duration": random.expovariate(0.1),
            "orig": f"2001:db8:1::{random.randint(1, 4000):x}"
            if v6
            else f"10.0.{random.randint(0, 15)}.{number % 250}",
            "resp": f"2001:db8:{random.randint(2, 9999):x}::{number & 0xFFFF:x}"
            if v6
            else f"198.{random.randint(18, 19)}.{random.randint(0, 255)}.{random.randint(1, 254)}",
            "ports": (random.randint(1024, 65535), port),
            "proto": proto,
            "service": service,
            "state": state,
            "history": history,
            "packets": (sent, received),
            "payload": (sent * random.randint(0, 900), received * random.randint(0, 1400)),
        }


def _conn(number: int, flow: Mapping[str, Any]) -> dict[str, Any]:
    """Return a line of conn.log, with values as Zeek's JSON has them."""
    (orig_port, resp_port), (sent, received), (out, back) = flow["ports"], flow["packets"], flow["payload"]
    time = _START.timestamp() + flow["at"]
    values = (round(time, 6), f"C{number:017x}", flow["orig"], orig_port, flow["resp"], resp_port, flow["proto"],
              flow["service"], round(flow["duration"], 6), out, back, flow["state"], True, False, 0, flow["history"],
              sent, out + 40 * sent, received, back + 40 * received, [])  # fmt: skip
    return dict(zip(_CONN_FIELDS, values, strict=True))


def _tsv_text(value: object) -> str:
    match value:
        case bool():
            return "T" if value else "F"
        case float():
            return f"{value:.6f}"
        case list():
            return "-"
        case _:
            return str(value)


def _conn_log(count: int) -> Iterator[str]:
    yield "#separator \\x09\n#set_separator\t,\n#empty_field\t(empty)\n#unset_field\t-\n#path\tconn\n"
    yield "\t".join(("#fields", *_CONN_FIELDS)) + "\n" + "\t".join(("#types", *_CONN_TYPES)) + "\n"
    for number, flow in enumerate(_flows(count)):
        yield "\t".join(map(_tsv_text, _conn(number, flow).values())) + "\n"


def _conn_json(count: int) -> Iterator[str]:
    for number, flow in enumerate(_flows(count)):
        line = {name: value for name, value in _conn(number, flow).items() if value not in ("-", [])}
        yield json.dumps(line, separators=(",", ":")) + "\n"


def _eve(count: int) -> Iterator[str]:
    """Yield flow events, and for every third another event of a kind that netad reads."""
    random = Random(_SEED)  # noqa: S311
    for number, flow in enumerate(_flows(count)):
        event = _other_event(number, flow, random) if number % 4 == 3 else _flow_event(number, flow)
        yield json.dumps(event, separators=(",", ":")) + "\n"


def _event(kind: str, number: int, flow: Mapping[str, Any]) -> dict[str, Any]:
    return {
        "timestamp": _iso(flow["at"] + flow["duration"]), "flow_id": 2**53 + number, "in_iface": "eth0",
        "event_type": kind, "src_ip": flow["orig"], "src_port": flow["ports"][0], "dest_ip": flow["resp"],
        "dest_port": flow["ports"][1], "proto": flow["proto"].upper(),
    }  # fmt: skip


def _flow_event(number: int, flow: Mapping[str, Any]) -> dict[str, Any]:
    (sent, received), (out, back) = flow["packets"], flow["payload"]
    event = _event("flow", number, flow)
    event["app_proto"] = "failed" if flow["service"] == "-" else flow["service"]
    event["flow"] = {
        "pkts_toserver": sent, "pkts_toclient": received, "bytes_toserver": out + (40 + _BYTES_OF_FRAME) * sent,
        "bytes_toclient": back + (40 + _BYTES_OF_FRAME) * received, "start": _iso(flow["at"]),
        "end": _iso(flow["at"] + flow["duration"]), "age": int(flow["duration"]),
        "state": "closed" if flow["state"] == "SF" else "new", "reason": "timeout", "alerted": False,
    }  # fmt: skip
    event["community_id"] = f"1:{number:027d}="
    if flow["proto"] == "tcp":
        flags = {"tcp_flags": "1b", "tcp_flags_ts": "1b", "tcp_flags_tc": "1b" if received else "00"}
        event["tcp"] = flags | {"syn": True, "fin": True, "psh": True, "ack": True, "state": "closed"}
    return event


def _other_event(number: int, flow: Mapping[str, Any], random: Random) -> dict[str, Any]:
    name = f"host{number % 5000}.example{random.randint(1, 99)}.org"
    match random.randint(0, 3):
        case 0:
            said = {"type": "query", "id": number & 0xFFFF, "rrname": name, "rrtype": "A", "tx_id": 0, "opcode": 0}
            return _event("dns", number, flow) | {"dns": said}
        case 1:
            answers = [{"rrname": name, "rrtype": "A", "ttl": 60, "rdata": "198.18.0.1"}]
            said = {"version": 2, "type": "answer", "id": number & 0xFFFF, "flags": "8180", "qr": True, "rd": True,
                    "rrname": name, "rrtype": "A", "rcode": "NOERROR", "answers": answers}  # fmt: skip
            return _event("dns", number, flow) | {"dns": said}
        case 2:
            said = {
                "sni": name,
                "version": "TLS 1.3",
                "ja3": {"hash": f"{number:032x}", "string": "771,4865-4866,0-23,29,0"},
            }
            return _event("tls", number, flow) | {"tls": said}
        case _:
            said = {"hostname": name, "url": f"/{number}", "http_user_agent": "Mozilla/5.0 (X11; Linux x86_64)",
                    "http_method": "GET", "protocol": "HTTP/1.1", "status": 200, "length": 1000}  # fmt: skip
            return _event("http", number, flow) | {"http": said}


def _iso(at: float) -> str:
    return (_START + timedelta(seconds=at)).strftime("%Y-%m-%dT%H:%M:%S.%f+0000")


def _binetflow(count: int) -> Iterator[str]:
    yield "StartTime,Dur,Proto,SrcAddr,Sport,Dir,DstAddr,Dport,State,sTos,dTos,TotPkts,TotBytes,SrcBytes,Label\n"
    for flow in _flows(count):
        (orig_port, resp_port), (sent, received), (out, back) = flow["ports"], flow["packets"], flow["payload"]
        start = (_START + timedelta(seconds=flow["at"])).strftime("%Y/%m/%d %H:%M:%S.%f")
        source, total = out + 54 * sent, out + back + 54 * (sent + received)
        state = ("FSPA_FSPA" if received else "S_") if flow["proto"] == "tcp" else "CON"
        ends = f"{flow['orig']},{orig_port},   ->,{flow['resp']},{resp_port}"
        counts = f"{sent + received},{total},{source}"
        yield f"{start},{flow['duration']:.6f},{flow['proto']},{ends},{state},0,0,{counts},flow=Background\n"


LOGS: Final[Mapping[str, Callable[[int], Iterator[str]]]] = {
    "conn.log": _conn_log,
    "conn.json": _conn_json,
    "eve.json": _eve,
    "flows.binetflow": _binetflow,
}


def make_log(folder: Path, name: str, records: int) -> Path:
    """Return a log with so many records, made where it is missing."""
    path = folder / f"{records}-{name}"
    if not path.exists():
        part = path.with_suffix(".part")
        with part.open("w") as stream:
            stream.writelines(LOGS[name](records))
        part.replace(path)
    return path
