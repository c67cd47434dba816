"""Every panel of the dashboards shows something of what netad really ships: asked of a real Elasticsearch."""

import contextlib
import json
import urllib.error
import urllib.request
from dataclasses import replace
from datetime import UTC, datetime, timedelta
from pathlib import Path

import pytest

from netad.core.errors import ExitCode
from netad.outputs.base import Delivery, RunSummary
from netad.outputs.elastic.assets import SAVED_OBJECTS, read_asset
from netad.outputs.origin import Origin
from netad.outputs.run_event import Ending, run_event
from tests.elastic_fixture import RUN
from tests.end_to_end.conftest import Netad
from tests.kibana_panels import questions, saved_objects
from tests.show_dashboards import ask, pages

pytestmark = pytest.mark.elastic

NAMESPACE = f"dashboards{RUN}"
NEW_HOST = "10.20.10.99"
QUESTIONS = questions(saved_objects(read_asset(SAVED_OBJECTS)))
RULES = """
version: 1
rules:
  - id: scanner
    comment: a scan that was announced
    created_by: soc
    ticket: SEC-1
    expires: {expires}
    match: {{source.ip: {scanner}}}
  - id: backup
    comment: the nightly backup goes out
    created_by: netops
    permanent: true
    action: lower
    lower: {{severity: low}}
    match: {{source.ip: {backup}}}
"""


def scan_in_zeeks_words(start_s):
    """A log of Zeek's of a host that nobody has seen: it looks up a name and knocks at many doors."""
    fields = ("ts uid id.orig_h id.orig_p id.resp_h id.resp_p proto service duration orig_bytes resp_bytes conn_state "
              "history orig_pkts orig_ip_bytes resp_pkts resp_ip_bytes")  # fmt: skip
    lines = ["#separator \\x09", "#set_separator\t,", "#empty_field\t(empty)", "#unset_field\t-", "#path\tconn"]
    lines.append("\t".join(["#fields", *fields.split()]))
    for number in range(400):
        name = ["53", "udp", "dns", "0.1", "40", "80", "SF", "Dd", "1", "68", "1", "108"]
        door = [str(1000 + number), "tcp", "-", "-", "-", "-", "S0", "S", "1", "40", "0", "0"]
        port, *rest = name if number % 40 == 0 else door
        ends = [NEW_HOST, str(40000 + number), f"10.20.10.{1 + number % 60}", port]
        lines.append("\t".join([f"{start_s + number}.0", f"C{number}", *ends, *rest]))
    return "\n".join([*lines, "not a line of Zeek's", ""])


def trouble(now):
    """The event of a run in which much went wrong."""
    summary = RunSummary(files=3, logs=1, packets=10, records=5, profiles=1, flows=2, windows=1, sources=1,
                         skipped={"arp": 1, "not_ip": 2, "truncated_ip_header": 3, "unknown_link_type": 4,
                                  "outside_time_range": 5, "bad_line": 6},
                         problems=["a.pcap: cut"],
                         seconds={"read": 1.0, "profile": 1.0, "score": 1.0, "deliver": 1.0})  # fmt: skip
    delivery = Delivery(delivered=1, duplicates=1, spooled=3, dead=2, waiting_files=1, waiting_bytes=100)
    ns = int(now.timestamp()) * 1_000_000_000
    ending = Ending(ns - 5_000_000_000, ns, ExitCode.OUTPUT, [("elastic", delivery)])
    return run_event(summary, ending, Origin("sensor-2", NAMESPACE, "run-2", "0.1.0", "agent-2"))


def ask_for(url, method, path, body=None):
    data = None if body is None else json.dumps(body).encode()
    request = urllib.request.Request(f"{url}{path}", data, {"content-type": "application/json"}, method=method)
    with urllib.request.urlopen(request, timeout=90) as answer:
        assert answer.status in (200, 201)


@pytest.fixture(scope="module")
def shipped(samples, elastic_url, tmp_path_factory):
    """A day with attacks, its flows, profiles and runs in Elasticsearch; two rules took part. Returns the URL."""
    folder = tmp_path_factory.mktemp("dashboards")
    netad, now = Netad(folder), datetime.now(UTC)
    labels = json.loads(next(Path(samples, "attacked").glob("*.labels.json")).read_text())
    attackers = {attack["name"]: attack["source"] for attack in labels["attacks"]}
    expires = (now + timedelta(days=7)).strftime("%Y-%m-%dT%H:%M:%SZ")
    rules = RULES.format(expires=expires, scanner=attackers["scan"], backup=attackers["exfiltration"])
    (folder / "rules.yml").write_text(rules)
    (folder / "broken.pcap").write_bytes(b"\xd4\xc3\xb2\xa1")
    (folder / "conn.log").write_text(scan_in_zeeks_words(labels["start_ns"] // 10**9 + 1800))
    arguments = ("--model", samples / "model", "--rules", "rules.yml", "--to", f"elastic:{elastic_url}",
                 "--profiles", "all", "--flows", "all")  # fmt: skip
    netad("ingest", samples / "attacked", "conn.log", "broken.pcap", *arguments, code=3, NETAD_NAMESPACE=NAMESPACE)
    event = trouble(now)
    ask_for(elastic_url, "POST", f"/logs-netad.run-{NAMESPACE}/_create/{event['event']['id']}", event)
    for dataset in ("anomaly", "flow", "profile", "run"):
        ask_for(elastic_url, "POST", f"/logs-netad.{dataset}-{NAMESPACE}/_refresh")
    yield elastic_url
    with contextlib.suppress(urllib.error.HTTPError):  # the in-process node has no such call, and goes away anyway
        ask_for(elastic_url, "DELETE", f"/_data_stream/logs-netad.*-{NAMESPACE}")


@pytest.mark.parametrize("question", QUESTIONS, ids=[f"{one.dashboard}: {one.title}" for one in QUESTIONS])
def test_every_panel_shows_something(shipped, question):
    """A panel's query is one that Elasticsearch takes, and every column of its answer holds a value somewhere."""
    # A list shows the newest few; whether a column is ever filled, all events tell.
    asked = replace(question, body=question.body | {"size": 10_000}) if question.listed else question
    rows = ask(shipped, asked, NAMESPACE)
    assert rows
    numbers = [column["label"] for column in question.shown.values() if not column["isBucketed"]]
    for label in numbers or question.listed:
        assert any(row[label] is not None for row in rows), label
    if numbers:
        assert any(row[label] for row in rows for label in numbers)


def test_the_tables_name_every_panel(shipped):
    """The rendering for people without Kibana has a table for every panel."""
    page = list(pages(lambda question: ask(shipped, question, NAMESPACE)))
    assert [line for line in page if line.startswith("## ")] == [f"## {one.title}" for one in QUESTIONS]
    assert "(nothing)" not in page
