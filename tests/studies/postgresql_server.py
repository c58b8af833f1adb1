"""A PostgreSQL server of a test's own, on a free loopback port in a temporary folder."""

import os
import shutil
import socket
import subprocess
import tempfile
from pathlib import Path
from types import TracebackType
from urllib.parse import quote

import psycopg
from psycopg.sql import SQL, Identifier, Literal

USER, PASSWORD = "anna", "a:pass/word@100%"


def find_programs() -> Path | None:
    """Folder of PostgreSQL's programs; none where it is not installed."""
    on_path = shutil.which("initdb")
    folders = [Path(on_path).resolve().parent] if on_path else []
    folders += sorted(Path("/usr/lib/postgresql").glob("*/bin"), reverse=True)
    return next((f for f in folders if (f / "initdb").exists() and (f / "pg_ctl").exists()), None)


class Server:
    """A server that lets in who has the password."""

    def __init__(self, programs: Path) -> None:
        self._programs = programs
        self._folder = Path(tempfile.mkdtemp(prefix="postgresql-"))
        with socket.socket() as free:
            free.bind(("127.0.0.1", 0))
            self.port = free.getsockname()[1]
        password = self._folder / "password"
        password.write_text(PASSWORD)
        if os.geteuid() == 0:  # as which it refuses to run
            shutil.chown(self._folder, "postgres")
            shutil.chown(password, "postgres")
        self._run(
            *("initdb", "--no-sync", "--encoding=UTF8", "--auth=scram-sha-256"),
            *(f"--username={USER}", f"--pwfile={password}", f"--pgdata={self._folder / 'data'}"),
        )

    def __enter__(self) -> "Server":
        self.start()
        return self

    def __exit__(
        self,
        kind: type[BaseException] | None,
        error: BaseException | None,
        trace: TracebackType | None,
    ) -> None:
        self.stop()
        shutil.rmtree(self._folder)

    def start(self) -> None:
        options = f"-p {self.port} -c listen_addresses=127.0.0.1 -c unix_socket_directories=''"
        self._control("--wait", f"--log={self._folder / 'log'}", f"--options={options}", "start")

    def stop(self) -> None:
        """Stop it as a power cut would; nothing where it is stopped already."""
        if (self._folder / "data" / "postmaster.pid").exists():
            self._control("--mode=immediate", "stop")

    def new_database(self, name: str) -> str:
        """URL of a new database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(SQL("CREATE DATABASE {}").format(Identifier(name)))
        return self.url(name)

    def cut_connections(self, database: str) -> None:
        """End every connection to a database."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                "SELECT pg_terminate_backend(pid) FROM pg_stat_activity WHERE datname = %s",
                [database],
            )

    def set_read_only(self, database: str, *, read_only: bool) -> None:
        """What new connections to a database find, as after a failover."""
        with psycopg.connect(self.url("postgres"), autocommit=True) as connection:
            connection.execute(
                SQL("ALTER DATABASE {} SET default_transaction_read_only = {}").format(
                    Identifier(database), Literal("on" if read_only else "off")
                )
            )

    def url(self, database: str, password: str = PASSWORD) -> str:
        address = f"127.0.0.1:{self.port}/{database}"
        return f"postgresql://{USER}:{quote(password, safe='')}@{address}"

    def _control(self, *arguments: str) -> None:
        self._run("pg_ctl", f"--pgdata={self._folder / 'data'}", *arguments)

    def _run(self, program: str, *arguments: str) -> None:
        subprocess.run(
            [self._programs / program, *arguments],
            cwd=self._folder,
            user="postgres" if os.geteuid() == 0 else None,
            stdout=subprocess.DEVNULL,
            check=True,
        )
