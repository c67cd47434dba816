"""Zeek's conn.log beside a capture: reading it, and counting how far netad's flows say the same."""

import json
from collections import Counter, defaultdict
from dataclasses import dataclass, field

from netad.core.addresses import format_address
from netad.ingest.flows import CONN_STATES

PROTOCOLS = {6: "tcp", 17: "udp", 1: "icmp", 58: "icmp"}


def read_conn_log(path):
    """Yield each line as a dict of texts, from Zeek's TSV (with or without a header) or JSON."""
    names = None
    for line in path.read_text().splitlines():
        if line.startswith("{"):
            fields = {name.replace("id_", "id.", 1): str(value) for name, value in json.loads(line).items()}
            yield {"history": "-", **fields}
        elif line.startswith("#fields"):
            names = [name.split()[0] for name in line.split("\t")[1:]]
        elif line and not line.startswith("#"):
            if names is None:
                names = line.split("\t")
            else:
                yield dict(zip(names, line.split("\t"), strict=False))


def zeek_flow(line):
    ends = line["id.orig_h"], int(line["id.orig_p"]), line["id.resp_h"], int(line["id.resp_p"]), line["proto"]
    return ends, tuple(int(line[name]) for name in ("orig_pkts", "orig_ip_bytes", "resp_pkts", "resp_ip_bytes"))


def netad_flow(record):
    orig, resp = (format_address(int(record[f"{side}_hi"]), int(record[f"{side}_lo"])) for side in ("orig", "resp"))
    protocol = PROTOCOLS.get(int(record["protocol"]), "unknown_transport")
    names = ("orig_packets", "orig_ip_bytes", "resp_packets", "resp_ip_bytes")
    return (orig, int(record["orig_port"]), resp, int(record["resp_port"]), protocol), tuple(
        int(record[n]) for n in names
    )


@dataclass
class Agreement:
    """Lines of a conn.log; of these, those with a flow of the same ends, packets and bytes; then also of one state."""

    lines: int = 0
    exact: int = 0
    same_state: int = 0
    same_history: int = 0
    unmatched: list = field(default_factory=list)
    states: Counter = field(default_factory=Counter)

    def add(self, records, lines):
        """Match every line with at most one record, the best there is."""
        waiting = defaultdict(list)
        for record in records:
            waiting[netad_flow(record)].append(
                (CONN_STATES[int(record["conn_state"])], record["history"].decode() or "-")
            )
        for line in lines:
            self.lines += 1
            candidates = waiting[zeek_flow(line)]
            if not candidates:
                self.unmatched.append(line)
                continue
            wanted = line["conn_state"], line["history"][:24]
            found = max(candidates, key=lambda pair: (pair[0] == wanted[0], pair[1] == wanted[1]))
            candidates.remove(found)
            self.exact += 1
            self.same_state += found[0] == wanted[0]
            self.same_history += found[1] == wanted[1]
            if found[0] != wanted[0]:
                self.states[wanted[0], found[0]] += 1
        return self

    def __str__(self):
        unmatched = [zeek_flow(line) for line in self.unmatched[:8]]
        counts = f"{self.lines} lines, {self.exact} exact, {self.same_state} by state, {self.same_history} by history"
        return f"{counts}; states {dict(self.states)}; unmatched {unmatched}"
