"""The portal among the sites of pages: its places and its cookies."""

from service.admin.people import Side
from service.pages.languages import mark
from service.pages.site import Place, Site

PLACES = (
    Place(mark("Overview"), "/", "today"),
    Place(mark("Deals"), "/deals", "deals"),
    Place(mark("Results"), "/results", "up"),
    Place(mark("Out of stock"), "/stock", "work"),
    Place(mark("Claims"), "/claims", "file"),
    Place(mark("Disputes"), "/disputes", "desk"),
    Place(mark("Payments"), "/payments", "key"),
    Place(mark("Agreement"), "/agreement", "settings"),
)

PORTAL = Site("portal", Side.SUPPLIER, cookies="larder-portal", places=PLACES)
