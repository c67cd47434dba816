from itertools import pairwise

import dpkt
import pytest

from netad.sample.devices import device_days
from netad.sample.hosts import HOSTS, VOICE_VLAN
from netad.sample.rhythm import working_day


@pytest.fixture(scope="module")
def day(world, see):
    machines = device_days(world, 3, 1, working_day(1, 8), 1.0)
    return {machine.host.name: see(sorted(machine.packets)) for machine in machines}


@pytest.mark.parametrize("name", ["phone-1", "camera-2", "recorder", "pbx"])
def test_the_voice_network_is_tagged(day, name):
    """Every frame of a phone or camera carries the VLAN's tag."""
    assert {item.vlan for item in day[name]} == {VOICE_VLAN}


@pytest.mark.parametrize("name", ["tv", "thermostat", "lights", "door"])
def test_office_devices_are_not_tagged(day, name):
    """The IoT devices live in the office network."""
    assert {item.vlan for item in day[name]} == {None}


def test_phones_register_and_talk(day):
    """SIP to the exchange all day, and RTP both ways during calls, 60 ms apart."""
    seen = [item for item in day["phone-1"] if isinstance(item.transport, dpkt.udp.UDP)]
    assert any(bytes(item.transport.data).startswith(b"REGISTER") for item in seen)
    own = HOSTS["phone-1"].v4.address
    sound = [item for item in seen if item.transport.sport == 16_384 and item.source == own]
    heard = [item for item in seen if item.transport.dport == 16_384 and item.destination == own]
    assert len(sound) == len(heard) > 100
    gaps = sorted(later.time - earlier.time for earlier, later in pairwise(sound))
    assert abs(gaps[len(gaps) // 2] - 60_000_000) < 3_000_000


def test_one_phone_holds_one_call_at_a_time(day):
    """A call begins when the last one is over."""
    calls = {}
    for item in day["phone-2"]:
        data = bytes(item.transport.data)
        if b"CSeq: 1 INVITE" in data or b"CSeq: 1 BYE" in data:
            call = next(line for line in data.split(b"\r\n") if line.startswith(b"Call-ID"))
            calls.setdefault(call, []).append(item.time)
    spans = sorted((min(times), max(times)) for times in calls.values())
    assert len(spans) > 2
    assert all(earlier[1] <= later[0] for earlier, later in pairwise(spans))


def test_cameras_send_pictures_to_the_recorder(day):
    """Uploads over HTTP inside the VLAN."""
    recorder = HOSTS["recorder"].v4.address
    posts = [item for item in day["camera-1"] if bytes(getattr(item.transport, "data", b"")).startswith(b"POST ")]
    assert len(posts) > 20
    assert {item.destination for item in posts} == {recorder}


def test_lights_ask_regularly(world, day):
    """A known beacon: the same place about every ten minutes."""
    vendor = world.services["lights.vendor.example"].v4[0].address
    times = [item.time for item in day["lights"] if item.destination == vendor and item.transport.flags == 2]
    gaps = [later - earlier for earlier, later in pairwise(times)]
    assert all(560 < gap / 10**9 < 640 for gap in gaps)
    assert len(times) >= 45


def test_thermostat_holds_one_connection(world, day):
    """MQTT over TLS on one port all day."""
    flows = {
        (item.source, item.transport.sport) for item in day["thermostat"] if getattr(item.transport, "dport", 0) == 8883
    }
    assert len(flows) == 1
