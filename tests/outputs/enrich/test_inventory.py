import pytest

from netad.core.errors import ConfigError
from netad.outputs.enrich import inventory as module
from netad.outputs.enrich.inventory import Asset, Inventory

CSV = """address,name,roles,owner,criticality,mac,rack
10.0.0.5,printer-3,printer;iot,facilities,low,00:00:5e:00:53:23,A4
10.0.0.6 fd00::6,files,server,ops,critical,,
10.0.8.0/22,lab,workstation,,,,
10.0.0.7,scanner,printer,,,,
"""
YAML = """
hosts:
  - {address: 10.0.0.5, name: printer-3, roles: [printer, iot], owner: facilities, criticality: low,
     mac: "00:00:5e:00:53:23"}
  - {address: [10.0.0.6, "fd00::6"], name: files, roles: server, owner: ops, criticality: critical}
  - {address: 10.0.8.0/22, name: lab, roles: [workstation]}
  - {address: 10.0.0.7, name: scanner, roles: [printer]}
"""


@pytest.mark.parametrize(("name", "text"), [("hosts.csv", CSV), ("hosts.yaml", YAML)])
def test_csv_and_yaml_say_the_same(tmp_path, name, text):
    """Every field, several addresses of a host, and networks; other columns of a CSV file are passed over."""
    (tmp_path / name).write_text(text)
    inventory = Inventory.load([str(tmp_path / name)])
    printer = Asset("printer-3", ("printer", "iot"), "facilities", "low", "00-00-5E-00-53-23")
    assert inventory.find("10.0.0.5") == printer
    assert inventory.find("fd00::6") == inventory.find("10.0.0.6") == Asset("files", ("server",), "ops", "critical")
    assert inventory.find("10.0.9.1") == Asset("lab", ("workstation",), single=False)
    assert inventory.find("10.0.0.99") is None
    assert sorted(inventory.names()) == ["files", "printer-3", "scanner"]


def test_hosts_of_one_role_are_peers(tmp_path):
    """The first role of a host counts, so that each is in one group."""
    (tmp_path / "hosts.csv").write_text(CSV)
    groups = Inventory.load([str(tmp_path / "hosts.csv")]).peer_groups()
    assert groups == ("10.0.0.5 10.0.0.7", "10.0.0.6 fd00::6", "10.0.8.0/22")


def test_all_that_is_wrong_is_told_at_once(tmp_path):
    """With file and line."""
    path = tmp_path / "hosts.csv"
    path.write_text("address,name,criticality,mac\n10.0.0.300,a,,\n,b,,\n10.0.0.1,c,huge,\n10.0.0.2,d,,12\n")
    with pytest.raises(ConfigError) as raised:
        Inventory.load([str(path)])
    lines = str(raised.value).splitlines()
    assert [line.removeprefix(f"{path}:").split(":")[0] for line in lines] == ["2", "3", "4", "5"]
    assert "'10.0.0.300' is neither an address nor a network" in lines[0]
    assert "an entry needs an address" in lines[1]
    assert "'huge' is none of low, medium, high, critical" in lines[2]
    assert "'12' is no MAC address" in lines[3]


@pytest.mark.parametrize(
    ("name", "text", "sentence"),
    [
        ("a.csv", "ip,name\n10.0.0.1,x\n", "one of them is address"),
        ("a.csv", b"address\n\xff\n", "not UTF-8"),
        ("a.yaml", "- 10.0.0.1\n", "an inventory is a list of hosts"),
        ("a.yaml", "hosts: [{adress: 10.0.0.1}]\n", "unknown key 'adress'; did you mean 'address'?"),
        ("a.yaml", "hosts: [10.0.0.1]\n", "a host is a mapping"),
        ("a.yaml", "hosts: [{address: 10.0.0.1, name: [a]}]\n", "name must be text"),
    ],
)
def test_a_file_of_another_form_is_refused(tmp_path, name, text, sentence):
    """In one sentence that says what is expected."""
    (tmp_path / name).write_bytes(text if isinstance(text, bytes) else text.encode())
    with pytest.raises(ConfigError) as raised:
        Inventory.load([str(tmp_path / name)])
    assert sentence in str(raised.value)


def test_sizes_are_bounded(tmp_path, monkeypatch):
    """A file that is too large, or has too many entries, is refused; so is one that is not there."""
    path = tmp_path / "hosts.csv"
    path.write_text(CSV)
    monkeypatch.setattr(module, "MAX_ENTRIES", 2)
    with pytest.raises(ConfigError, match="more than 2 entries"):
        Inventory.load([str(path)])
    monkeypatch.setattr(module, "MAX_BYTES", 10)
    with pytest.raises(ConfigError, match="larger than"):
        Inventory.load([str(path)])
    with pytest.raises(ConfigError, match="cannot be read"):
        Inventory.load([str(tmp_path / "none.csv")])
