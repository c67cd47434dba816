import numpy as np
import pytest

from netad.ingest.facts.batch import FactBatch, FactKind
from netad.profiles.batch import ProfileBatch
from netad.profiles.meetings import MeetingKind
from netad.profiles.novelty import Knowledge
from netad.profiles.said import COLUMN, MOST_CHARACTERS, MOST_FREQUENT, MOST_RARE, Said


def texts(said, kind, row=0):
    return said.text[(said.kind == kind) & (said.row == row)].tolist()


@pytest.fixture
def talk(flow, fact, closed):
    """Makes the profile of a source that looks up names; takes the names."""
    return lambda names, **columns: closed(
        [flow(**columns)], FactBatch.from_rows(FactKind.DNS, [fact(query=name) for name in names])
    )


def test_domains_servers_agents_and_ports_are_told(flow, fact, closed):
    """Each kind of name with how often it was said, domains over all kinds of facts; ports as protocol and number."""
    batch = closed(
        [flow(resp_port=443), flow(resp_port=8, protocol=47)],
        FactBatch.from_rows(FactKind.DNS, [fact(query="www.example.org"), fact(query="localhost")]),
        FactBatch.from_rows(FactKind.TLS, [fact(server_name="cdn.example.org")]),
        FactBatch.from_rows(FactKind.HTTP, [fact(host="example.net", user_agent="curl/8")]),
    )
    said = batch.said
    assert sorted(texts(said, MeetingKind.PORT)) == ["47/0", "tcp/443"]
    assert texts(said, MeetingKind.DOMAIN) == ["example.org", "example.net"]
    assert said.count[said.kind == MeetingKind.DOMAIN].tolist() == [2, 1]
    assert texts(said, MeetingKind.SERVER_NAME) == ["cdn.example.org"]
    assert texts(said, MeetingKind.USER_AGENT) == ["curl/8"]
    for kind in (MeetingKind.PORT, MeetingKind.DOMAIN):
        assert set(said.item[said.kind == kind].tolist()) <= set(batch.meetings.of_kind(kind).item.tolist())


def test_of_many_names_the_most_and_the_least_frequent_are_kept(talk):
    """A profile that names hundreds of domains keeps a bounded number: its favourites and its rarest."""
    often = [f"often{k}.org" for k in range(MOST_FREQUENT) for _ in range(9)]
    names = [f"d{k}.org" for k in range(300) for _ in range(2)]
    kept = texts(talk([*often, *names, "once.org"]).said, MeetingKind.DOMAIN)
    assert len(kept) == MOST_FREQUENT + MOST_RARE
    assert set(often) <= set(kept)
    assert "once.org" in kept


def test_long_names_are_cut_but_stay_what_they_are(fact, flow, closed):
    """A user agent of thousands of characters is kept short, and still found among what a model knows."""
    agent = FactBatch.from_rows(FactKind.HTTP, [fact(user_agent="x" * 5000)])
    batch = closed([flow()], agent)
    assert texts(batch.said, MeetingKind.USER_AGENT) == ["x" * MOST_CHARACTERS]
    frame = Knowledge.learn(batch).measure(batch)
    assert f"agent {'x' * MOST_CHARACTERS}" in frame[COLUMN][0].split("\n")


def test_what_a_model_never_met_is_marked_new(talk):
    """Measured by a model, what is said comes as lines, with `new` before what the baseline never met."""
    known = Knowledge.learn(talk(["a.org"]))
    lines = known.measure(talk(["a.org", "b.org"], resp_port=23))[COLUMN][0].split("\n")
    assert sorted(lines) == ["domain a.org", "new domain b.org", "new port tcp/23"]


def test_rows_keep_their_words(flow, closed):
    """Selected, reordered and joined rows come with what they said."""
    batch = closed([flow(source=f"10.0.0.{k}", resp_port=k) for k in (1, 2, 3)])
    whole = ProfileBatch.join([batch.select(np.array([2, 0])), batch])
    assert [texts(whole.said, MeetingKind.PORT, row) for row in range(5)] == [
        [f"tcp/{k}"] for k in (3, 1, 1, 2, 3)
    ]  # fmt: skip


def test_words_that_nobody_reads_are_let_go(talk):
    """Without words a measured frame has no column of them."""
    batch = talk(["a.org"])
    assert COLUMN in Knowledge.learn(batch).measure(batch)
    assert COLUMN not in Knowledge.learn(batch).measure(batch.without_words())


def test_the_order_of_flows_does_not_matter(flow, closed):
    """The same flows in another order say the same in the same order."""
    records = [flow(resp_port=port) for port in (5, 3, 3, 9, 1)]
    assert closed(records).said.text.tolist() == closed(records[::-1]).said.text.tolist()


def test_nothing_said_is_nothing():
    """No batches, no words."""
    assert len(Said.join([], [])) == 0
    assert Said.empty().lines(2, lambda *_: None).tolist() == ["", ""]
