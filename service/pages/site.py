"""What tells one sub-application of pages from another."""

from dataclasses import dataclass

from starlette.requests import Request

from service.admin.people import Side
from service.engine.rights import Right


@dataclass(frozen=True, slots=True)
class Place:
    """A place in the navigation, for whoever has one of its rights; without any it is for all."""

    name: str
    path: str
    icon: str
    rights: tuple[Right, ...] = ()


@dataclass(frozen=True, slots=True)
class Site:
    """A sub-application of pages, as `app.state.site` holds it.

    `name` is the folder of its templates beside the shared ones, and what its forms and messages
    are signed for. `people` is whose people it is for; they alone can log in, and nobody
    where it is None. `cookies` begins the names of its cookies. `places` is its navigation.
    """

    name: str
    people: Side | None
    cookies: str
    places: tuple[Place, ...]

    @property
    def side(self) -> Side:
        """Whose people log in here."""
        assert self.people is not None, f"nobody logs in to {self.name}"
        return self.people


def site_of(request: Request) -> Site:
    """The site that a request came to."""
    site: Site = request.app.state.site
    return site
