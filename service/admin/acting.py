"""Who is meant by an e-mail address, and who is behind a command line."""

from service.admin.person import Person, normal_email
from service.errors import Conflict, NotFound
from service.store import people
from service.store.actor import Actor
from service.store.session import Database


def acting_on_command_line(database: Database, *, os_user: str, email: str = "") -> Actor:
    """Who acts when a user of a machine types a command, naming a person by `email` or not.

    A user who is bound to a person is that person. One who is bound to nobody is the person that
    the command names, or no person at all. Raises NotFound when nobody has this address, Conflict
    when the person is disabled, or is another than the one the user is bound to.
    """
    with database.read() as session:
        bound = people.by_os_user(session, os_user)
        named = people.by_email(session, normal_email(email)) if email else bound
    if named is None and email:
        raise NotFound(
            f"Nobody has the e-mail address {email!r}: add them with larder users add, or leave "
            "out --by and LARDER_PERSON."
        )
    if bound is not None and named is not None and bound.id != named.id:
        raise Conflict(
            "The user %(os_user)s is %(bound)s here, and cannot act as %(email)s.",
            os_user=os_user,
            bound=bound.email,
            email=email,
        )
    if named is None:
        return Actor(f"user {os_user}")
    if named.account_id is not None:
        raise Conflict("%(email)s is a person of a supplier.", email=named.email)
    if named.disabled_at is not None:
        raise Conflict("%(email)s is disabled.", email=named.email)
    return Person.of(named).acting(f"user {os_user}")


def person_by_email(database: Database, email: str) -> Person:
    """A person by e-mail address, however it is written. Raises NotFound."""
    with database.read() as session:
        row = people.by_email(session, normal_email(email))
    if row is None:
        raise NotFound(f"There is nobody with the e-mail address {email!r}; see larder users list.")
    return Person.of(row)


def email_addresses(database: Database) -> dict[int, str]:
    """Everybody's e-mail address by number."""
    with database.read() as session:
        return {row.id: row.email for row, _, _ in people.everybody(session)}
