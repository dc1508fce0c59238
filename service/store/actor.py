"""Who does an act, as audit trails name them."""

from dataclasses import dataclass

from service.engine.rights import Right


@dataclass(frozen=True, slots=True)
class Actor:
    """The name that an audit trail shows, and the person who acts, with that person's rights.

    `person_id` is None for whoever is no person: the service itself, and a key or a command line
    that is bound to nobody. Two actors are the same person when their `person_id` is the same,
    whatever they are called.
    """

    name: str
    person_id: int | None = None
    rights: frozenset[Right] = frozenset()

    def may(self, right: Right) -> bool:
        """Whether this is a person who has a right."""
        return self.person_id is not None and right in self.rights


SERVICE = Actor("larder")
"""The service itself: what follows from dates and limits."""
