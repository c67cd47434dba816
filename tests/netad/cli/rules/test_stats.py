import json

from tests.netad.cli.rules.conftest import stored

STORE = ("--store", "parquet:s")


def test_hits_are_told_by_rule(run, store, write_rule):
    """First and last, owner and days left; rules that never matched, and those that no file has any more."""
    events = store(stored(0), stored(1), stored(2, "10.0.0.9"))
    run("rules", "apply", write_rule("used"), write_rule("gone", source="10.0.0.9"), *STORE, "--since", "all")
    files = (write_rule("used", end="expires: 2099-01-01"), write_rule("idle", source="10.9.9.9"),
             write_rule("drops", "action: drop", "10.8.8.8"), write_rule("flows", "applies_to: flows"))  # fmt: skip
    code, out, err = run("rules", "stats", *files, *STORE)
    assert (code, err) == (0, "3 events of namespace default in parquet:s\n")
    header, used, gone, *others = (line.split("  ") for line in out.splitlines())
    cells = [[cell.strip() for cell in row if cell] for row in (header, used, gone, *others)]
    assert cells[0] == ["id", "action", "matched", "effective", "first hit", "last hit", "owner", "left"]
    first, second, third = (f"{event['@timestamp'][:19]}Z" for event in events)
    assert cells[1][:7] == ["used", "suppress", "2", "2", first, second, "soc"]
    assert cells[1][7].endswith(" d")
    assert cells[2] == ["gone", "suppress", "1", "1", third, third, "soc", "in no file"]
    assert cells[3:] == [
        ["drops", "drop", "-", "-", "-", "-", "soc", "permanent"],
        ["flows", "keep out", "-", "-", "-", "-", "soc", "permanent"],
        ["idle", "suppress", "0", "0", "never", "never", "soc", "permanent"],
    ]


def test_they_are_json_on_demand(run, store, write_rule):
    """What is not known is null."""
    store(stored(0))
    run("rules", "apply", write_rule("r"), *STORE, "--since", "all")
    _, out, _ = run(
        "rules", "stats", "r.yml", write_rule("drops", "action: drop", "10.8.8.8"), *STORE, "--format", "json"
    )
    found = json.loads(out)
    assert (found["store"], found["events"]) == ("parquet:s", 1)
    assert [(row["id"], row["matched"], row["owner"]) for row in found["rules"]] == [
        ("r", 1, "soc"),
        ("drops", None, "soc"),
    ]


def test_only_a_period_is_counted_on_demand(run, store, write_rule):
    """By the time of the traffic."""
    events = store(stored(0), stored(1))
    run("rules", "apply", write_rule("r"), *STORE, "--since", "all")
    _, out, err = run("rules", "stats", "r.yml", *STORE, "--since", events[1]["@timestamp"])
    assert out.splitlines()[1].split()[2] == "1"
    assert err.startswith("1 event of namespace default in parquet:s since ")
