import pytest

from netad.sample.hosts import HOSTS
from netad.sample.rhythm import working_day
from netad.sample.servers import server_days
from netad.sample.sites import MAIL_PARTNERS


@pytest.fixture(scope="module")
def day(world, see):
    machines = server_days(world, 3, 1, working_day(1, 8), 1.0)
    return {machine.host.name: see(sorted(machine.packets)) for machine in machines}


def contacts(seen, source):
    return {
        (item.destination, item.transport.dport)
        for item in seen
        if item.source == source and hasattr(item.transport, "dport")
    }


def test_mail_goes_out_and_comes_in(world, day):
    """The mail server opens connections to partners, and partners from outside open connections to it."""
    mail, partners = HOSTS["mail"].v4.address, {world.services[name].v4[0].address for name in MAIL_PARTNERS}
    opened = {(item.source, item.destination) for item in day["mail"] if getattr(item.transport, "flags", 0) == 2}
    assert any(source in partners and destination == mail for source, destination in opened)
    assert any(source == mail and destination in partners for source, destination in opened)


def test_backup_is_a_steady_upload(world, day):
    """The file server sends far more to the backup service than comes back."""
    backup = world.services["backup.example.com"].v4[0].address
    out = sum(len(item.transport.data) for item in day["files"] if item.destination == backup)
    back = sum(len(item.transport.data) for item in day["files"] if item.source == backup)
    assert out > 4 * back
    assert len({item.time // (3600 * 10**9) for item in day["files"] if item.destination == backup}) >= 7


def test_monitoring_is_regular(day):
    """The application server pings its charges every five minutes."""
    target = HOSTS["mail"].v4.address
    times = [item.time for item in day["app"] if item.destination == target and hasattr(item.transport, "type")]
    assert 95 <= len(times) <= 97


def test_every_server_keeps_time(world, day):
    """All of them ask the time server."""
    clock = world.services["ntp.example.com"].v4[0].address
    for name, seen in day.items():
        assert (clock, 123) in contacts(seen, HOSTS[name].v4.address)


def test_printer_reports_to_its_vendor(world, day):
    """Supplies are told to the vendor over TLS."""
    vendor = world.services["printer.vendor.example"].v4[0].address
    assert (vendor, 443) in contacts(day["printer"], HOSTS["printer"].v4.address)


def test_router_watches_its_line(world, day):
    """The provider's resolver is pinged over both IP versions."""
    upstream = world.services["dns.example.com"]
    reached = {item.destination for item in day["gateway"]}
    assert {upstream.v4[0].address, upstream.v6[0].address} <= reached
