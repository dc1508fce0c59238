"""The SFTP server through a client: what can be fetched and handed in, and nothing else."""

import asyncio
import json
import shutil
import stat
from collections.abc import AsyncIterator, Callable, Coroutine
from contextlib import asynccontextmanager
from pathlib import Path
from typing import Any

import asyncssh
import pytest

from service.publish import reconcile, sftp, sftp_login, void_batch
from service.settings import Settings
from service.store.session import Database
from tests.mail import NAME, open_published
from tests.market import query

PDF = f"out/{NAME}_v1/{NAME}_1of3_v1.pdf"
HEAD = "piece_id,status,reason,timestamp\n"
ROW = "20260302-0000001,printed,,2026-03-03T10:00:00Z\n"


@pytest.fixture
def database_url(tmp_path: Path, migrated: Path) -> str:
    """The embedded database alone: what is stored is tested on both elsewhere."""
    shutil.copy(migrated, tmp_path / "larder.db")
    return f"sqlite:///{tmp_path / 'larder.db'}"


@pytest.fixture
def served(database: Database, settings: Settings, tmp_path: Path) -> Settings:
    """Settings of a published batch, for an SFTP server on a free port with the house's key."""
    open_published(database, settings, tmp_path)
    opened = settings.model_copy(update={"sftp_port": 0, "sftp_folder": tmp_path / "sftp"})
    key = asyncssh.generate_private_key("ssh-ed25519")
    opened.sftp_folder.mkdir()
    key.write_private_key(str(tmp_path / "house"))
    key.write_public_key(str(opened.sftp_folder / "authorized_keys"))
    return opened


@asynccontextmanager
async def client(
    database: Database, settings: Settings, **how: Any
) -> AsyncIterator[asyncssh.SFTPClient]:
    """A client that is let in and knows the host key."""
    async with (
        connected(database, settings, **how) as connection,
        connection.start_sftp_client() as opened,
    ):
        yield opened


@asynccontextmanager
async def connected(
    database: Database, settings: Settings, **how: Any
) -> AsyncIterator[asyncssh.SSHClientConnection]:
    acceptor = await sftp.listen(database, settings)
    host = sftp_login.host_key(settings.sftp_folder).convert_to_public()
    options = {"client_keys": [str(settings.sftp_folder.parent / "house")], **how}
    try:
        async with asyncssh.connect(
            "127.0.0.1",
            acceptor.get_port(),
            username="house",
            known_hosts=([host], [], []),
            config=None,
            agent_path=None,
            **options,
        ) as connection:
            yield connection
    finally:
        acceptor.close()
        await acceptor.wait_closed()


def run(act: Callable[[], Coroutine[Any, Any, None]]) -> None:
    asyncio.run(act())


def test_a_package_is_fetched_also_after_an_interruption(
    database: Database, served: Settings
) -> None:
    async def act() -> None:
        async with client(database, served) as house:
            assert sorted(await house.listdir(".")) == [".", "..", "ack", "out"]
            names = set(await house.listdir(f"out/{NAME}_v1")) - {".", ".."}
            folder = served.output_folder / f"{NAME}_v1"
            assert names == {path.name for path in folder.iterdir()}
            for name in names:
                async with house.open(f"out/{NAME}_v1/{name}", "rb") as file:
                    assert await file.read() == (folder / name).read_bytes()
            whole = (folder / f"{NAME}_1of3_v1.pdf").read_bytes()
            assert (await house.stat(PDF)).size == len(whole)
            async with house.open(PDF, "rb") as file:
                await file.seek(1000)
                assert await file.read() == whole[1000:]

    run(act)
    assert query(database, "SELECT picked_up_at IS NOT NULL FROM batch")[0][0]


def test_an_acknowledgement_is_taken_in_and_answered(database: Database, served: Settings) -> None:
    async def act() -> None:
        async with client(database, served) as house:
            async with house.open("ack/day1.csv.part", "w") as file:
                await file.write(HEAD + ROW)
            assert reconcile(database, 1).printed == 0
            await house.rename("ack/day1.csv.part", "ack/day1.csv")
            async with house.open("ack/day1.csv.report.json", "rb") as file:
                report = json.loads(await file.read())
            assert report == {"rows": 1, "taken": 1, "known": 0, "refused": 0, "faults": []}
            with pytest.raises(asyncssh.SFTPFailure, match="was cut off on its way"):
                async with house.open("ack/day2.csv", "w") as file:
                    await file.write(HEAD + ROW.replace("printed", "mailed").strip())

    run(act)
    assert (reconcile(database, 1).printed, reconcile(database, 1).mailed) == (1, 0)


def test_nothing_else_can_be_done(database: Database, served: Settings, tmp_path: Path) -> None:
    (tmp_path / "secret.csv").write_text("of the machine")

    async def act() -> None:
        async with client(database, served) as house:
            for path in ("../secret.csv", "/etc/passwd", "out/../../secret.csv", "out/x/y"):
                with pytest.raises(asyncssh.SFTPNoSuchFile):
                    await house.open(path, "rb")
            for path in (PDF, "out/new.csv", "ack/run.sh", "ack/.csv", "new.csv", "ack/a/b.csv"):
                with pytest.raises(asyncssh.SFTPPermissionDenied):
                    await house.open(path, "w")
            denied = (
                house.remove(PDF),
                house.mkdir("ack/new"),
                house.rmdir("out"),
                house.rename(PDF, "ack/stolen.csv"),
                house.symlink("/etc/passwd", "ack/link.csv"),
                house.link(PDF, "ack/link.csv"),
            )
            for each in denied:
                with pytest.raises(asyncssh.SFTPPermissionDenied):
                    await each
            assert await house.realpath("../../out/../ack") == "/ack"
        assert not (served.output_folder / "ack").exists()

    run(act)


def test_a_file_beyond_the_limit_is_refused(database: Database, served: Settings) -> None:
    small = served.model_copy(update={"max_upload_bytes": 1024})

    async def act() -> None:
        async with client(database, small) as house:
            with pytest.raises(asyncssh.SFTPFailure, match="the file is too large"):
                async with house.open("ack/day1.csv", "w") as file:
                    await file.write(HEAD + ROW * 40)

    run(act)
    assert query(database, "SELECT count(*) FROM acknowledgement") == [(0,)]


def test_waiting_files_are_on_disk_and_bounded(database: Database, served: Settings) -> None:
    small = served.model_copy(update={"max_upload_bytes": 1 << 18})

    async def act() -> None:
        async with client(database, small) as house:
            for number in range(2):
                async with house.open(f"ack/{number}.csv.part", "wb") as file:
                    await file.write(b"x" * (1 << 18))
            with pytest.raises(asyncssh.SFTPFailure, match="waits for its name"):
                async with house.open("ack/3.csv.part", "wb") as file:
                    await file.write(b"x" * 1000)
            with pytest.raises(asyncssh.SFTPFailure, match="was cut off") as refused:
                await house.rename("ack/0.csv.part", "ack/0.csv")
            assert "See 0.csv.report.json" in str(refused.value)
            # What was taken in waits no longer.
            async with house.open("ack/3.csv", "wb") as file:
                await file.write((HEAD + ROW).encode())

    run(act)
    assert reconcile(database, 1).printed == 1


def test_files_that_one_client_reads_at_once_are_bounded(
    database: Database, served: Settings
) -> None:
    async def act() -> None:
        async with client(database, served) as house:
            opened = [await house.open(PDF, "rb") for _ in range(16)]
            with pytest.raises(asyncssh.SFTPFailure, match="16 files are open"):
                await house.open(PDF, "rb")
            with pytest.raises(asyncssh.SFTPFailure, match="16 files are open"):
                await asyncio.gather(*(house.open("out/no/such", "rb") for _ in range(3)))
            await opened[0].close()
            assert await (await house.open(PDF, "rb")).read(4) == b"%PDF"

    run(act)


def test_a_file_with_a_hole_counts_as_long_as_it_is(database: Database, served: Settings) -> None:
    small = served.model_copy(update={"max_upload_bytes": 1 << 18})

    async def act() -> None:
        async with client(database, small) as house:
            for number in range(2):
                async with house.open(f"ack/{number}.csv.part", "wb") as file:
                    await file.write(b"x", (1 << 18) - 1)
            with pytest.raises(asyncssh.SFTPFailure, match="waits for its name"):
                async with house.open("ack/2.csv.part", "wb") as file:
                    await file.write(b"x", (1 << 18) - 1)

    run(act)


def test_clients_at_once_are_bounded(
    database: Database, served: Settings, monkeypatch: pytest.MonkeyPatch
) -> None:
    monkeypatch.setattr(sftp_login, "_MOST_CLIENTS", 1)

    async def act() -> None:
        async with connected(database, served) as first:
            _, port = first.get_extra_info("peername")[:2]
            with pytest.raises((asyncssh.Error, OSError)):
                await asyncssh.connect("127.0.0.1", port, known_hosts=None, config=None)
            async with first.start_sftp_client() as house:
                assert await house.realpath(".") == "/"

    run(act)


@pytest.mark.parametrize("coding", ["utf-8", "utf-16", "utf-16-le", "utf-16-be"])
def test_what_a_spreadsheet_saves_is_read(
    database: Database, served: Settings, coding: str
) -> None:
    text = "\ufeff" if coding != "utf-16" else ""
    text += "PIECE_ID;STATUS;REASON;TIMESTAMP\r\n20260302-0000001;MAILED;;2026-03-03T10:00:00Z\r\n"

    async def act() -> None:
        async with (
            client(database, served) as house,
            house.open("ack/DAY1.CSV", "wb") as file,
        ):
            await file.write(text.encode(coding))

    run(act)
    assert reconcile(database, 1).mailed == 1


def test_listings_have_dates_and_refusals_say_why(database: Database, served: Settings) -> None:
    (published_at,) = query(database, "SELECT published_at FROM batch")[0]

    async def act() -> None:
        async with client(database, served) as house:
            for path in (f"out/{NAME}_v1", PDF):
                at = (await house.stat(path)).mtime
                # The embedded database keeps microseconds.
                assert at == published_at // 1_000_000
            listed = {each.filename: each for each in await house.readdir(f"out/{NAME}_v1")}
            assert listed["manifest.json"].attrs.mtime
            assert listed["."].attrs.mtime
            (here,) = [each for each in await house.readdir("ack") if each.filename == "."]
            assert stat.S_IMODE(here.attrs.permissions or 0) == 0o755
            with pytest.raises(asyncssh.SFTPFailure, match="status") as refused:
                async with house.open("ack/day.csv", "w") as file:
                    await file.write(HEAD.replace("status", "state_of_it") + ROW)
            assert "See day.csv.report.json" in str(refused.value)
            assert (await house.stat("ack/day.csv")).mtime

    run(act)


@pytest.mark.parametrize(
    "how",
    [
        {"mac_algs": ["hmac-sha1"], "encryption_algs": ["aes256-ctr"]},
        {"kex_algs": ["diffie-hellman-group14-sha1"]},
        {"encryption_algs": ["aes256-cbc"]},
        {"compression_algs": ["zlib@openssh.com"]},
    ],
)
def test_nothing_old_is_agreed_on(
    database: Database, served: Settings, how: dict[str, Any]
) -> None:
    async def act() -> None:
        with pytest.raises(asyncssh.KeyExchangeFailed):
            async with client(database, served, **how):
                pass

    run(act)


def test_a_voided_batch_is_not_there_any_more(database: Database, served: Settings) -> None:
    void_batch(database, served, 1)

    async def act() -> None:
        async with client(database, served) as house:
            assert set(await house.listdir("out")) == {".", ".."}
            with pytest.raises(asyncssh.SFTPNoSuchFile):
                await house.open(PDF, "rb")

    run(act)


@pytest.mark.parametrize("how", ["another key", "a password", "no keys kept"])
def test_only_a_key_of_the_file_lets_in(database: Database, served: Settings, how: str) -> None:
    options: dict[str, Any] = {}
    if how == "another key":
        options["client_keys"] = [asyncssh.generate_private_key("ssh-ed25519")]
    elif how == "a password":
        options |= {"client_keys": None, "password": "house"}
    else:
        (served.sftp_folder / "authorized_keys").unlink()

    async def act() -> None:
        with pytest.raises(asyncssh.PermissionDenied):
            async with client(database, served, **options):
                pass

    run(act)


def test_there_is_no_shell_and_no_way_further(database: Database, served: Settings) -> None:
    async def act() -> None:
        async with connected(database, served) as connection:
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.run("id", check=True)
            with pytest.raises(asyncssh.ChannelOpenError):
                await connection.open_connection("127.0.0.1", 22)

    run(act)


def test_the_host_key_is_made_once_and_is_its_owner_s_alone(tmp_path: Path) -> None:
    first = sftp_login.host_key(tmp_path / "sftp")
    assert sftp_login.host_key(tmp_path / "sftp").get_fingerprint() == first.get_fingerprint()
    assert stat.S_IMODE((tmp_path / "sftp" / "host_key").stat().st_mode) == 0o600
