"""The key of all digests, and the one before it while that is being replaced."""

from collections.abc import Iterator

from pydantic import SecretStr


class SecretKey(SecretStr):
    """A key that knows the one before it: new digests are under it, old ones are found as well."""

    def __init__(self, value: str, former: str) -> None:
        super().__init__(value)
        self.former = SecretStr(former)


def both(key: SecretStr) -> Iterator[SecretStr]:
    """The key, then the one before it if there is one."""
    yield key
    if isinstance(key, SecretKey):
        yield key.former
