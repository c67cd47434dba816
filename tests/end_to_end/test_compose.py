"""docker/: services as a SOC would run them, scripts that do what they say, command lines that netad understands."""

import os
import re
import shutil
import signal
import subprocess
from pathlib import Path

import click
import orjson
import pytest
import yaml

from netad.cli import root
from netad.outputs.elastic.roles import RECIPES
from netad.scan.settings import load_scan
from tests.elastic_server import TLS, Answer, serving

DOCKER = Path(__file__).resolve().parents[2] / "docker"
ONE_SHOT = {"certs", "accounts", "setup"}
SECRET = re.compile(r"PASSWORD|ENCRYPTIONKEY|API_KEY$|SECRET|TOKEN")


@pytest.fixture(scope="module")
def compose():
    """The file as written, anchors resolved, variables not."""
    return yaml.safe_load((DOCKER / "compose.yaml").read_text())


@pytest.fixture(scope="module")
def services(compose):
    """The services by name."""
    return compose["services"]


def understood(arguments):
    """Parse a command line of netad's as the shell would hand it over; click complains about what it does not know."""
    context = click.Context(root)
    command, parent = root, context
    rest = list(arguments)
    while isinstance(command, click.Group):
        name, command, rest = command.resolve_command(parent, rest)
        parent = click.Context(command, parent=parent, info_name=name)
    return command.make_context(command.name, rest, parent=parent)


def test_everything_that_is_asked_for_is_there(services):
    """Elasticsearch, Kibana, one-shot set-up, and a sensor."""
    assert set(services) == {"certs", "elasticsearch", "accounts", "kibana", "setup", "sensor", "netad"}
    assert set(services["sensor"]["depends_on"]) == {"setup"}


def test_what_runs_on_has_a_health_check_and_what_ends_is_waited_for(services):
    """Nobody waits for a service that cannot say that it is ready."""
    for name, service in services.items():
        if name in ONE_SHOT or "profiles" in service:
            assert service["healthcheck"] == {"disable": True}
        else:
            assert "test" in service["healthcheck"], name
            assert service["restart"] == "unless-stopped"
        for other, how in service.get("depends_on", {}).items():
            wanted = "service_completed_successfully" if other in ONE_SHOT else "service_healthy"
            assert how == {"condition": wanted}, (name, other)


def test_no_service_may_more_than_it_needs(services):
    """No root, no capabilities, no new privileges, bounds on memory and processes."""
    for name, service in services.items():
        built = "build" in service  # the Dockerfile says which user
        assert built or service["user"].startswith("1000:"), name
        assert service["cap_drop"] == ["ALL"], name
        assert service["security_opt"] == ["no-new-privileges:true"], name
        assert service["mem_limit"], name
        assert service["pids_limit"], name
        assert service.get("read_only") or name in ("certs", "elasticsearch", "kibana"), name
    assert re.search(r"^USER 10001:10001$", (DOCKER / "Dockerfile").read_text(), re.MULTILINE)


def test_ports_are_open_to_this_machine_only(services):
    """Loopback."""
    for service in services.values():
        for port in service.get("ports", ()):
            assert port.startswith("127.0.0.1:")


def test_images_are_pinned(services):
    """To a version of Elastic's, or built here."""
    for service in services.values():
        image = service["image"]
        assert "build" in service or re.search(r":\$\{ELASTIC_VERSION:-9\.5\.\d+\}$", image), image


def test_secrets_come_from_the_environment_and_must_be_set(compose, services):
    """None stands in the file, none has a default, and the example leaves them empty."""
    for name, service in services.items():
        for variable, value in service.get("environment", {}).items():
            if SECRET.search(variable):
                assert re.fullmatch(r"\$\{[A-Z_]+:\?.+\}", value), (name, variable)
    example = (DOCKER / ".env.example").read_text()
    wanted = set(re.findall(r"\$\{([A-Z_]+):\?", (DOCKER / "compose.yaml").read_text()))
    assert wanted == set(re.findall(r"^([A-Z_]+)=$", example, re.MULTILINE))
    for ignored in (".gitignore", ".dockerignore"):
        assert re.search(r"^/?docker/\.env$", (DOCKER.parent / ignored).read_text(), re.MULTILINE)


def test_the_example_knows_every_variable():
    """With the defaults of the compose file where it has any."""
    example = dict(re.findall(r"^([A-Z_]+)=(.*)$", (DOCKER / ".env.example").read_text(), re.MULTILINE))
    used = re.findall(r"(?<!\$)\$\{([A-Z_]+)(?::([-?])([^}]*))?\}", (DOCKER / "compose.yaml").read_text())
    assert set(example) == {name for name, _, _ in used}
    for name, kind, default in used:
        assert kind == "?" or example[name] == default, name


def test_elasticsearch_speaks_tls_only(services):
    """On both its ports, with security on; everybody else speaks https to it."""
    environment = services["elasticsearch"]["environment"]
    assert environment["xpack.security.enabled"] == "true"
    assert environment["xpack.security.http.ssl.enabled"] == "true"
    assert environment["xpack.security.transport.ssl.enabled"] == "true"
    text = (DOCKER / "compose.yaml").read_text()
    assert "http://" not in text
    assert services["sensor"]["environment"]["NETAD_ELASTIC_URL"] == "https://elasticsearch:9200"


def test_volumes_are_declared_and_mounted_files_are_there(compose, services):
    """A typing mistake would make an empty folder."""
    for service in services.values():
        for volume in service["volumes"]:
            source = volume.partition(":")[0]
            if source.startswith("./"):
                assert (DOCKER / source).exists(), source
            elif not source.startswith("$"):
                assert source in compose["volumes"], source


def test_the_authoritys_key_is_for_its_maker_alone(services):
    """Whoever has it can be anybody."""
    assert [name for name, service in services.items() if any("authority:" in v for v in service["volumes"])] == [
        "certs"
    ]


def test_setup_is_a_command_line_of_netads(services):
    """Templates and dashboards."""
    assert understood(services["setup"]["command"]).command_path.endswith("all")


def test_roles_are_those_that_netad_prints():
    """The keys of the corner may no more than documented."""
    bodies = {recipe.name: recipe.body("default") for recipe in RECIPES}
    for path in sorted((DOCKER / "roles").glob("*.json")):
        assert orjson.loads(path.read_bytes()) == bodies[path.stem]
    text = (DOCKER / "compose.yaml").read_text()
    assert set(re.findall(r"/keys/([\w-]+)\.key", text)) == {path.stem for path in (DOCKER / "roles").glob("*.json")}


@pytest.fixture
def shell(tmp_path):
    """Return a function that starts a script with stand-ins for programs in front of the real ones."""
    if not all(map(shutil.which, ("bash", "curl"))):
        pytest.skip("bash or curl is missing")
    programs = tmp_path / "programs"
    programs.mkdir()

    def start(command, environment, **stand_ins):
        for name, script in stand_ins.items():
            program = programs / name.replace("_", "-")
            program.write_text(f"#!/usr/bin/env bash\n{script}\n")
            program.chmod(0o755)
        environment = {"PATH": f"{programs}:{os.environ['PATH']}", "OUT": str(tmp_path)} | environment
        return subprocess.Popen(command, env=environment, stdout=subprocess.PIPE, stderr=subprocess.PIPE, text=True)

    return start


@pytest.mark.parametrize(
    ("model", "asked"),
    [
        ("/models/not made yet", "ingest /captures --to elastic --profiles anomalous"),
        (str(DOCKER), "scan /etc/netad/netad.yaml"),
    ],
)
def test_the_sensor_reads_again_and_again_and_stops_when_told(services, shell, model, asked):
    """Its command lines are netad's; a failed round is told and the next one comes; TERM ends netad at once."""
    script = services["sensor"]["command"][0].replace("$$", "$")
    netad = 'echo "$@"; [[ ! -f $OUT/again ]] && touch "$OUT/again" && exit 4; exec sleep 1000'
    process = shell(
        [*services["sensor"]["entrypoint"], script],
        {"EVERY": "0", "NETAD_MODEL": model},
        netad=netad,
        touch='[[ $1 == /tmp/alive ]] || exec /usr/bin/env -i touch "$@"',
    )
    first, second = process.stdout.readline(), process.stdout.readline()
    process.send_signal(signal.SIGTERM)
    _, told = process.communicate(timeout=60)
    assert process.returncode == 0
    assert first == second == f"{asked}\n"
    assert "netad ended with exit code 4" in told
    assert understood(asked.split()).command.name == asked.split()[0]


def test_the_sensors_settings_load(services):
    """The file that is mounted for it, with the model that the environment names; its state outlives the container."""
    (mounted,) = (volume for volume in services["sensor"]["volumes"] if "netad.yaml" in volume)
    assert mounted == "./netad.yaml:/etc/netad/netad.yaml:ro"
    config = load_scan(DOCKER / "netad.yaml", {}, {"NETAD_MODEL": "/var/lib/netad/other"})
    assert (config.inputs, config.run.to, config.run.model) == (("/captures",), ("elastic",), "/var/lib/netad/other")
    assert config.state.is_relative_to("/var/lib/netad")


def test_accounts_sets_kibanas_password_and_keeps_keys_that_are_there(shell, tmp_path):
    """Over TLS, as elastic, and the second time without making new keys."""
    keys = tmp_path / "keys"
    keys.mkdir()
    environment = {"CA": str(TLS / "certificate.pem"), "ROLES": str(DOCKER / "roles"), "KEYS": str(keys),
                   "ELASTIC_PASSWORD": "a1", "KIBANA_PASSWORD": "b2"}  # fmt: skip
    with serving(lambda _: Answer(200, {"id": "x", "api_key": "y", "encoded": "eDp5=="}), tls=True) as server:
        for _ in range(2):
            process = shell(["bash", DOCKER / "accounts.sh"], environment | {"URL": server.url})
            assert process.communicate(timeout=60) == ("", "")
            assert process.returncode == 0
    paths = [asked.path for asked in server.asked]
    password = "/_security/user/kibana_system/_password"
    assert paths == [password, "/_security/api_key", "/_security/api_key", password]
    assert orjson.loads(server.asked[0].body) == {"password": "b2"}
    assert server.asked[0].headers["authorization"] == "Basic ZWxhc3RpYzphMQ=="
    assert orjson.loads(server.asked[1].body)["name"] == "netad-setup"
    assert {path.name: path.read_text() for path in keys.iterdir()} == {
        "netad-setup.key": "eDp5==", "netad-ship.key": "eDp5==",
    }  # fmt: skip


def test_accounts_fails_when_elasticsearch_refuses(shell, tmp_path):
    """What depends on it must not start, and no half of a key is left."""
    environment = {"CA": str(TLS / "certificate.pem"), "ROLES": str(DOCKER / "roles"), "KEYS": str(tmp_path),
                   "ELASTIC_PASSWORD": "a1", "KIBANA_PASSWORD": "b2"}  # fmt: skip

    def script(asked):
        return Answer(200) if asked.path.endswith("_password") else Answer(403)

    with serving(script, tls=True) as server:
        process = shell(["bash", DOCKER / "accounts.sh"], environment | {"URL": server.url})
        process.communicate(timeout=60)
    assert process.returncode != 0
    assert list(tmp_path.glob("*.key")) == []


def test_certs_makes_what_is_missing_and_leaves_what_is_there(shell, tmp_path):
    """With a stand-in for Elastic's tool; keys are for one user, certificates for everybody."""
    for folder in ("authority", "certs"):
        (tmp_path / folder).mkdir()
    tool = """
        echo "$1 $*" >> "$OUT/calls"
        [[ $1 == ca ]] && name=ca
        while [[ $# -gt 0 ]]; do
            case $1 in --out) out=$2;; --name) name=$2;; esac
            shift
        done
        echo "$name" > "$out"
    """
    unzip = """
        name=$(cat "$2")
        mkdir -p "$4/$name"
        echo "key $RANDOM" > "$4/$name/$name.key"
        echo certificate > "$4/$name/$name.crt"
    """
    environment = {"AUTHORITY": str(tmp_path / "authority"), "CERTS": str(tmp_path / "certs")}
    keys = []
    for _ in range(2):
        process = shell(["bash", DOCKER / "certs.sh"], environment, elasticsearch_certutil=tool, unzip=unzip)
        assert process.communicate(timeout=60) == ("", "")
        assert process.returncode == 0
        keys.append((tmp_path / "certs" / "kibana.key").read_text())
    assert keys[0] == keys[1]
    calls = (tmp_path / "calls").read_text().splitlines()
    assert [call.split()[0] for call in calls] == ["ca", "cert", "cert"]
    assert "--dns elasticsearch,localhost" in calls[1]
    modes = {path.name: oct(path.stat().st_mode & 0o777) for path in (tmp_path / "certs").iterdir()}
    assert modes == {
        "ca.crt": "0o444", "elasticsearch.crt": "0o444", "elasticsearch.key": "0o400",
        "kibana.crt": "0o444", "kibana.key": "0o400",
    }  # fmt: skip
    assert (tmp_path / "authority" / "ca.key").stat().st_mode & 0o777 == 0o400
