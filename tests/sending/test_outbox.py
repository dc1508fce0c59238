"""Messages go out once, over a real mail server, or it is said why not."""

import json
import subprocess
import sys
from collections.abc import Iterator
from datetime import UTC, datetime, timedelta
from pathlib import Path
from typing import Any

import pytest
from pydantic import SecretStr
from sqlalchemy import update

from service.sending import outbox, words
from service.sending.outbox import Written, forget_messages, put, send_due
from service.settings import Settings
from service.store import households, messages
from service.store.session import Database
from service.store.tables.message import Message, MessageWay
from tests.market import query
from tests.sending.mailing import PASSWORD, USER, MailServer, mail_server, smtp, with_messages
from tests.served import environment, eventually
from tests.shop import H1, Shop, shop

__all__ = ["shop"]


@pytest.fixture
def server() -> Iterator[MailServer]:
    with mail_server() as started:
        yield started


def written(
    database: Database,
    settings: Settings,
    *,
    to: str = "ada@example.org",
    way: MessageWay = MessageWay.EMAIL,
    good_for: timedelta = timedelta(minutes=10),
) -> None:
    now = datetime.now(UTC)
    with database.write() as session:
        put(
            session, settings,
            Written(
                households.ids_by_ref(session)[H1], "test", way, to, "Grüße: 123456",
                "Schöne Grüße\n.\nvon der 你好", now + good_for,
            ),
            now=now,
        )  # fmt: skip


def found(database: Database) -> list[tuple[object, ...]]:
    return query(database, "SELECT state, problem, attempts, sealed <> '' FROM message ORDER BY id")


def let_time_pass(database: Database) -> None:
    """Nobody holds a message any more, and none has to wait."""
    long_ago = datetime(2020, 1, 1, tzinfo=UTC)
    with database.write() as session:
        session.execute(update(Message).values(held_until=long_ago, next_at=long_ago))


def test_a_message_goes_out_once_and_whole_and_nothing_of_it_stays(
    database: Database, settings: Settings, shop: Shop, server: MailServer
) -> None:
    settings = with_messages(settings, **smtp(server))
    written(database, settings)
    assert b"ada@example.org" not in str(query(database, "SELECT sealed FROM message")).encode()
    assert send_due(database, settings) == 1
    assert send_due(database, settings) == 0
    (mail,) = server.taken
    assert (mail["To"], mail["From"]) == ("ada@example.org", "list@shop.example")
    assert mail["Subject"] == "Grüße: 123456"
    assert mail["Auto-Submitted"] == "auto-generated"
    ((key,),) = query(database, "SELECT key FROM message")
    assert mail["Message-ID"] == f"<{key}@shop.example>"
    assert mail.get_content().splitlines() == ["Schöne Grüße", ".", "von der 你好"]
    assert [(state, bool(sealed)) for state, _, _, sealed in found(database)] == [("sent", False)]
    forget_messages(database, now=datetime.now(UTC) + timedelta(days=31))
    assert found(database) == []


@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
@pytest.mark.parametrize("security", ["starttls", "tls"])
def test_over_tls_it_logs_in_and_trusts_no_stranger(
    database: Database,
    settings: Settings,
    shop: Shop,
    tmp_path: Path,
    monkeypatch: pytest.MonkeyPatch,
    security: str,
) -> None:
    with mail_server(security, folder=tmp_path) as server:
        user: dict[str, Any] = {"smtp_user": USER, "smtp_password": SecretStr(PASSWORD)}
        if security == "tls":
            user = {}
        settings = with_messages(settings, **smtp(server, security), **user)
        written(database, settings)
        send_due(database, settings)
        assert [row[:2] for row in found(database)] == [
            ("waiting", "the mail server: SSLCertVerificationError")
        ]
        monkeypatch.setenv("SSL_CERT_FILE", str(tmp_path / "cert.pem"))
        if user:
            let_time_pass(database)
            send_due(database, with_messages(settings, smtp_password=SecretStr("another")))
            assert [row[:2] for row in found(database)] == [
                ("waiting", "the mail server refuses the log-in: 535")
            ]
        let_time_pass(database)
        send_due(database, settings)
        assert [mail["To"] for mail in server.taken] == ["ada@example.org"]


@pytest.mark.parametrize("command", ["RCPT", "DATA"])
def test_what_bounces_is_said_and_what_is_put_off_is_tried_again(
    database: Database, settings: Settings, shop: Shop, server: MailServer, command: str
) -> None:
    settings = with_messages(settings, **smtp(server))
    written(database, settings)
    server.answers[command] = "451 4.7.1 <ada@example.org> greylisted"
    send_due(database, settings)
    assert send_due(database, settings) == 0
    assert [row[:2] for row in found(database)] == [("waiting", "the mail server: 451 4.7.1")]
    server.answers[command] = "550 5.1.1 <ada@example.org> nobody of this name"
    let_time_pass(database)
    send_due(database, settings)
    assert [row[:2] for row in found(database)] == [("refused", "the mail server: 550 5.1.1")]
    assert server.taken == []


def test_an_answer_that_does_not_come_and_a_slow_process_send_nothing_twice(
    database: Database, settings: Settings, shop: Shop, server: MailServer
) -> None:
    quick = with_messages(settings, **smtp(server), smtp_seconds=1, lease_seconds=0)
    written(database, quick)
    server.halts = "DATA"
    send_due(database, quick)
    assert [row[0] for row in found(database)] == ["unsure"]
    server.halts = ""
    written(database, quick)
    now = datetime.now(UTC)
    with database.write() as session:
        slow, quicker = (
            messages.hold(session, limit=1, now=now, until=now + timedelta(microseconds=place))[0]
            for place in (0, 1)
        )
    for row in (quicker, slow):
        outbox._send(database, quick, row)
    assert len(server.taken) == 1
    assert [row[0] for row in found(database)] == ["unsure", "sent"]


def test_what_comes_too_late_is_not_sent(
    database: Database, settings: Settings, shop: Shop, server: MailServer
) -> None:
    settings = with_messages(settings, **smtp(server))
    written(database, settings, good_for=timedelta(0))
    send_due(database, settings)
    assert [(state, bool(sealed)) for state, _, _, sealed in found(database)] == [
        ("expired", False)
    ]
    assert server.taken == []


def test_a_number_goes_to_the_gateway_or_to_a_file(
    database: Database, settings: Settings, shop: Shop, server: MailServer, tmp_path: Path
) -> None:
    by_mail = with_messages(settings, **smtp(server), sms_channel="smtp", sms_gateway="sms.example")
    written(database, by_mail, to="+15025550101", way=MessageWay.SMS)
    send_due(database, by_mail)
    assert [mail["To"] for mail in server.taken] == ["15025550101@sms.example"]
    folder = tmp_path / "messages"
    by_file = with_messages(settings, sms_channel="file", messages_folder=folder)
    written(database, by_file, to="+15025550101", way=MessageWay.SMS)
    send_due(database, by_file)
    (path,) = folder.iterdir()
    said = json.loads(path.read_text(encoding="utf-8"))
    assert (said["way"], said["to"], said["subject"]) == ("sms", "+15025550101", "Grüße: 123456")
    assert [row[0] for row in found(database)] == ["sent", "sent"]


@pytest.mark.slow
@pytest.mark.parametrize("database_url", ["sqlite"], indirect=True)
def test_a_kill_loses_nothing_and_sends_nothing_twice(
    database: Database, settings: Settings, shop: Shop, server: MailServer, tmp_path: Path
) -> None:
    """Killed before the text is handed over another process sends it; after that nobody does."""
    sending = with_messages(settings, **smtp(server))
    written(database, sending)
    written(database, sending, to="bob@example.org")
    said = {
        f"LARDER_{name.upper()}": str(value) for name, value in smtp(server).items()
    }  # fmt: skip
    for halts in ("RCPT", "DATA"):
        server.halts = halts
        server.halted.clear()
        with subprocess.Popen(
            [sys.executable, "-m", "service", "work", "--drain"],
            env=environment(settings) | said, cwd=tmp_path,
        ) as process:  # fmt: skip
            eventually(server.halted.is_set)
            process.kill()
        let_time_pass(database)
    server.halts = ""
    send_due(database, sending)
    assert [row[0] for row in found(database)] == ["unsure", "sent"]
    assert [mail["To"] for mail in server.taken] == ["bob@example.org"]


def test_codes_are_written_in_every_language_of_lists() -> None:
    assert len(words.languages()) == 13
    for language in words.languages():
        subject, body = words.code_text(f"{language}-XX", code="123456", retailer="Shop", minutes=7)
        assert subject.count("123456") == body.count("123456") == 1
        assert "Shop" in subject
        assert "7" in body
    assert words.code_text("xx", code="1", retailer="S", minutes=7)[0] == "1 is your code for S"
