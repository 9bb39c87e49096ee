"""Real ClickHouse servers on loopback: two shards of two replicas with a ZooKeeper, or one server alone.

They are those of Debian (clickhouse-server 18.16, zookeeper 3.8), each a process of its own with folders, ports and
configuration of its own, ended with whoever started them. CI has them: there their absence is an error.
"""

from __future__ import annotations

import http.client
import os
import random
import shutil
import signal
import socket
import subprocess
import time
from collections.abc import Sequence
from contextlib import ExitStack, suppress
from dataclasses import dataclass, field
from pathlib import Path

import pytest

SERVER = "/usr/sbin/clickhouse-server"
ZOOKEEPER = Path("/usr/share/java/zookeeper.jar")
PASSWORD = "p@ss:wörd/?"
"""With everything that an address has to escape."""
START_SECONDS = 40.0
BELOW_EPHEMERAL = (12_000, 32_000)
_CONFIG = """<yandex>
 <logger><level>warning</level><log>{folder}/log</log><errorlog>{folder}/errors</errorlog></logger>
 <http_port>{http}</http_port><tcp_port>{tcp}</tcp_port>
 <interserver_http_port>{between}</interserver_http_port><interserver_http_host>127.0.0.1</interserver_http_host>
 <listen_host>127.0.0.1</listen_host><max_concurrent_queries>100</max_concurrent_queries>
 <path>{folder}/data/</path><tmp_path>{folder}/tmp/</tmp_path><users_config>{folder}/users.xml</users_config>
 <default_profile>default</default_profile><default_database>default</default_database>
 <mark_cache_size>67108864</mark_cache_size><keep_alive_timeout>3</keep_alive_timeout>
 <timezone>UTC</timezone>
 <merge_tree><max_suspicious_broken_parts>100</max_suspicious_broken_parts></merge_tree>
 {cluster}
</yandex>"""
_USERS = f"""<yandex>
 <profiles><default><max_memory_usage>4000000000</max_memory_usage><load_balancing>in_order</load_balancing></default></profiles>
 <users>
  <default><password></password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></default>
  <tide><password>{PASSWORD}</password><networks><ip>127.0.0.1</ip></networks><profile>default</profile><quota>default</quota></tide>
 </users>
 <quotas><default/></quotas>
</yandex>"""


@dataclass
class Process:
    """A server that can be killed and brought back."""

    command: Sequence[str]
    folder: Path
    process: subprocess.Popen[bytes] | None = None

    def start(self) -> None:
        command = self.command
        if shutil.which("setpriv"):
            command = ("setpriv", "--pdeathsig", "KILL", *command)  # it does not outlive tests that are killed
        with (self.folder / "output").open("ab") as output:
            self.process = subprocess.Popen(
                command, stdin=subprocess.DEVNULL, stdout=output, stderr=output, cwd=self.folder
            )

    def kill(self, how: int = signal.SIGKILL) -> None:
        if self.process:
            self.process.send_signal(signal.SIGCONT)
            self.process.send_signal(how)
            with suppress(subprocess.TimeoutExpired):
                self.process.wait(20)
            if self.process.poll() is None:
                self.process.kill()
                self.process.wait()
            self.process = None

    def signal(self, how: int) -> None:
        assert self.process
        self.process.send_signal(how)


@dataclass
class Server(Process):
    """One `clickhouse-server`."""

    http: int = 0
    tcp: int = 0
    shard: int = 0
    """From 1."""

    def wait(self) -> None:
        """Until it answers; a server that died meanwhile is started again, as an init system does."""
        deadline = time.monotonic() + START_SECONDS
        while time.monotonic() < deadline:
            with suppress(OSError, http.client.HTTPException):
                self.ask("SELECT 1")
                return
            if self.process is None or self.process.poll() is not None:
                self.start()
            time.sleep(0.1)
        said = "\n".join((self.folder / name).read_text(errors="replace")[-3000:] for name in ("output", "errors"))
        raise AssertionError(f"clickhouse-server does not answer: {said}")

    def ask(self, statement: str) -> str:
        """What it answers, as tab separated lines."""
        connection = http.client.HTTPConnection("127.0.0.1", self.http, timeout=20)
        try:
            connection.request("POST", "/", statement.encode())
            response = connection.getresponse()
            text = response.read().decode()
            assert response.status == 200, text
            return text
        finally:
            connection.close()


@dataclass
class Cluster:
    """Servers by shard and replica, and what they agree by."""

    folder: Path
    shards: list[list[Server]] = field(default_factory=list)
    keeper: Process | None = None
    keeper_port: int = 0

    @property
    def servers(self) -> list[Server]:
        return [server for shard in self.shards for server in shard]

    def dsn(self, database: str) -> str:
        """The address of a database of it."""
        from urllib.parse import quote

        hosts = ",".join("|".join(f"127.0.0.1:{server.http}" for server in shard) for shard in self.shards)
        cluster = "?cluster=tide" if len(self.servers) > 1 else ""
        return f"clickhouse://tide:{quote(PASSWORD, safe='')}@{hosts}/{database}{cluster}"

    def start(self) -> None:
        self.start_keeper()
        for server in self.servers:
            server.start()
        self.wait()

    def start_keeper(self) -> None:
        if self.keeper:
            self.keeper.start()
            _until_serving(self.keeper_port)

    def wait(self) -> None:
        for server in self.servers:
            server.wait()

    def forget_all(self) -> None:
        """Take the databases of tests away: with every one of them a start takes longer."""
        for server in self.servers:
            for database in server.ask("SHOW DATABASES").split():
                if database not in ("default", "system"):
                    server.ask(f"DROP DATABASE {database}")

    def end(self) -> None:
        for process in (*self.servers, *((self.keeper,) if self.keeper else ())):
            with suppress(ProcessLookupError):
                process.kill()


def made(folder: Path, shards: int, replicas: int) -> Cluster:
    """A cluster that is not started yet; one server alone has no ZooKeeper."""
    cluster = Cluster(folder)
    ports = iter(_free_ports(shards * replicas * 3 + 1))
    if shards * replicas > 1:
        cluster.keeper_port = next(ports)
        cluster.keeper = _keeper(folder / "keeper", cluster.keeper_port)
    for shard in range(1, shards + 1):
        cluster.shards.append([])
        for replica in range(1, replicas + 1):
            place = folder / f"s{shard}r{replica}"
            place.mkdir(parents=True)
            http_port, tcp = next(ports), next(ports)
            command = (SERVER, f"--config-file={place}/config.xml")
            cluster.shards[-1].append(Server(command, place, None, http_port, tcp, shard))
    for server in cluster.servers:
        text = _CONFIG.format(
            folder=server.folder,
            http=server.http,
            tcp=server.tcp,
            between=next(ports),
            cluster=_together(cluster, server) if cluster.keeper else "",
        )
        (server.folder / "config.xml").write_text(text)
        (server.folder / "users.xml").write_text(_USERS)
    return cluster


def refuse_or_skip() -> None:
    """Where the servers are not installed: loud in CI, a skipped test elsewhere."""
    absent = [
        name
        for name, there in (("clickhouse-server", os.path.exists(SERVER)), ("zookeeper", ZOOKEEPER.exists()))
        if not there
    ]
    if absent:
        reason = f"{' and '.join(absent)} of Debian not installed: the engine ClickHouse is NOT tested on real servers"
        if os.environ.get("CI"):
            pytest.fail(reason)
        pytest.skip(reason)


def _keeper(folder: Path, port: int) -> Process:
    folder.mkdir(parents=True)
    (folder / "zoo.cfg").write_text(
        f"tickTime=500\ndataDir={folder}/data\nclientPort={port}\nclientPortAddress=127.0.0.1\n"
        "admin.enableServer=false\nmaxClientCnxns=0\n"
    )
    command = (
        "java",
        "-Xmx192m",
        "-Dzookeeper.forceSync=no",
        "-cp",
        f"{folder}:{ZOOKEEPER}",
        "org.apache.zookeeper.server.quorum.QuorumPeerMain",
    )
    return Process((*command, f"{folder}/zoo.cfg"), folder)


def _together(cluster: Cluster, server: Server) -> str:
    shards = "".join(
        "<shard><internal_replication>true</internal_replication>"
        + "".join(f"<replica><host>127.0.0.1</host><port>{each.tcp}</port></replica>" for each in shard)
        + "</shard>"
        for shard in cluster.shards
    )
    return (
        f"<remote_servers><tide>{shards}</tide></remote_servers>"
        f"<macros><shard>{server.shard}</shard><replica>{server.folder.name}</replica></macros>"
        f"<zookeeper><node><host>127.0.0.1</host><port>{cluster.keeper_port}</port></node>"
        "<session_timeout_ms>3000</session_timeout_ms></zookeeper>"
    )


def _free_ports(count: int) -> list[int]:
    """Ports that no client is given while their server is down: those below the system's range for them."""
    found: list[int] = []
    with ExitStack() as held:
        while len(found) < count:
            each = held.enter_context(socket.socket())
            with suppress(OSError):  # somebody has it, perhaps we
                each.bind(("127.0.0.1", random.randrange(*BELOW_EPHEMERAL)))
                found.append(each.getsockname()[1])
    return found


def _until_serving(port: int) -> None:
    """A ZooKeeper listens before it serves."""
    deadline = time.monotonic() + START_SECONDS
    while time.monotonic() < deadline:
        with suppress(OSError), socket.create_connection(("127.0.0.1", port), 1) as connection:
            connection.sendall(b"srvr")
            if b"Mode:" in connection.recv(4096):
                return
        time.sleep(0.05)
    raise AssertionError(f"no ZooKeeper on {port}")
