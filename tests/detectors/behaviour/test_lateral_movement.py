import pytest


def fired(findings):
    return [finding for finding in findings if finding.fires]


def executions(flow, targets, start=0.0, **more):
    """SMB, then RPC, then a session on a dynamic port, with every target."""
    return [
        flow(target, port, at=start + 300 * place + step, out=500, back=500, **more)
        for place, target in enumerate(targets)
        for step, port in enumerate((445, 135, 49_700))
    ]


def test_moving_on_is_found(flow, watch):
    """Remote execution on three hosts that nobody else logs in to: who, how, since when."""
    (found,) = watch("lateral_movement", executions(flow, [f"10.0.1.{number}" for number in range(4)]))
    assert found.fires
    assert found.technique.id == "T1021.003"
    assert (found.traces.peer_count, found.traces.ports) == (4, (135, 445))
    assert "by RPC and SMB with 4 inside hosts" in found.sentence


@pytest.mark.parametrize(("port", "technique"), [(22, "T1021.004"), (3389, "T1021.001"), (5985, "T1021.006")])
def test_every_way_has_its_technique(flow, watch, port, technique):
    """Sessions on one port with eight hosts."""
    (found,) = watch("lateral_movement", [flow(f"10.0.1.{number}", port, at=60 * number) for number in range(8)])
    assert found.fires
    assert found.technique.id == technique


def test_servers_and_controllers_do_not_count(flow, watch):
    """What several hosts use is a server; what answers Kerberos or LDAP is a domain controller."""
    servers = [f"10.0.1.{number}" for number in range(6)]
    shared = [
        item for source in ("10.0.0.1", "10.0.0.2", "10.0.0.3") for item in executions(flow, servers, source=source)
    ]
    assert not fired(watch("lateral_movement", shared))
    controllers = [flow(server, 88, at=0.5) for server in servers]
    assert not watch("lateral_movement", executions(flow, servers) + controllers)


def test_attempts_alone_are_a_scan(failed, watch):
    """Nobody answered, so nobody was reached."""
    assert not watch("lateral_movement", [failed(f"10.0.1.{number}", 445, number) for number in range(50)])


def test_administrators_always_do_it(flow, watch):
    """A host that reached many hosts hours ago is one that administrates; its first hours still show."""
    days = [item for n in range(12) for item in executions(flow, [f"10.0.1.{n}"], start=3600 * n)]
    late = executions(flow, [f"10.0.2.{number}" for number in range(4)], start=3600 * 20)
    assert not fired(watch("lateral_movement", days + late))


def test_first_hours_count_less(flow, watch):
    """The same moves weigh more once the host has been watched for a while."""
    targets = [f"10.0.1.{number}" for number in range(3)]
    (early,) = watch("lateral_movement", executions(flow, targets))
    (late,) = watch("lateral_movement", [flow(at=0), *executions(flow, targets, start=7200)])
    assert early.strength < late.strength
