"""People: who they are, what they may do, and how they log in. Acts, without any screen."""

from service.admin.acting import person_by_email
from service.admin.people.accounts import (
    NewPerson,
    accept,
    bind_os_user,
    disable,
    enable,
    get_person,
    invite,
    invite_again,
    invited,
    list_people,
    reset,
    set_roles,
)
from service.admin.people.log_in import Visitor, give_second, log_in
from service.admin.people.own import (
    TotpEnrolment,
    change_password,
    confirm_totp,
    enrol_totp,
    remove_totp,
)
from service.admin.people.passkeys import (
    KnownPasskey,
    PasskeyOptions,
    list_passkeys,
    passkey_enrol,
    passkey_enrol_options,
    passkey_log_in,
    passkey_log_in_options,
    remove_passkey,
)
from service.admin.people.provider import (
    ProviderAnswer,
    ProviderStart,
    provider_finish,
    provider_start,
)
from service.admin.people.sessions import (
    end_all_sessions,
    end_one_session,
    end_session,
    forget_log_ins,
    list_sessions,
    person_of,
)
from service.admin.person import (
    Invitation,
    NeedsSecond,
    NewSession,
    OpenSession,
    Person,
    PersonDetails,
    Refused,
    Side,
    SignedIn,
)
from service.engine.rights import RIGHTS, PersonRole, Right

__all__ = [
    "RIGHTS", "Invitation", "KnownPasskey", "NeedsSecond", "NewPerson", "NewSession", "OpenSession",
    "PasskeyOptions", "Person", "PersonDetails", "PersonRole", "ProviderAnswer", "ProviderStart",
    "Refused", "Right", "Side", "SignedIn", "TotpEnrolment", "Visitor", "accept", "bind_os_user",
    "change_password", "confirm_totp", "disable", "enable", "end_all_sessions", "end_one_session",
    "end_session", "enrol_totp", "forget_log_ins", "get_person", "give_second", "invite",
    "invite_again", "invited", "list_passkeys", "list_people", "list_sessions", "log_in",
    "passkey_enrol", "passkey_enrol_options", "passkey_log_in", "passkey_log_in_options",
    "person_by_email", "person_of", "provider_finish", "provider_start", "remove_passkey",
    "remove_totp", "reset", "set_roles",
]  # fmt: skip
