"""The console among the sites of pages: its places and its cookies."""

from service.admin.people import Side
from service.engine.rights import Right
from service.pages.languages import mark
from service.pages.site import Place, Site

PLACES = (
    Place(mark("Today"), "/", "today"),
    Place(mark("Deals"), "/deals", "deals", (Right.SEE_DEALS,)),
    Place(mark("Cycles"), "/cycles", "cycles", (Right.SEE_CYCLES,)),
    Place(mark("Reports"), "/reports", "up", (Right.SEE_MONEY,)),
    Place(mark("Clearing"), "/clearing", "money", (Right.CLEAR_MONEY,)),
    Place(mark("Products"), "/products", "products", (Right.SEE_PRODUCTS,)),
    Place(mark("Households"), "/households", "households", (Right.SEE_HOUSEHOLDS,)),
    Place(mark("Service desk"), "/desk", "desk", (Right.EXPLAIN_REFUSALS,)),
    Place(mark("Batches"), "/batches", "mail", (Right.SEE_BATCHES,)),
    Place(mark("Operations"), "/operations", "work", (Right.SEE_OPERATIONS,)),
    Place(mark("Suppliers"), "/suppliers", "products", (Right.INVITE_SUPPLIERS,)),
    Place(mark("People"), "/people", "account", (Right.MANAGE_PEOPLE,)),
    Place(mark("Keys"), "/keys", "key", (Right.MANAGE_KEYS,)),
    Place(mark("Settings"), "/settings", "settings", (Right.SEE_SETTINGS,)),
    Place(mark("Who did what"), "/audit", "menu", (Right.SEE_AUDIT,)),
)

CONSOLE = Site("console", Side.RETAILER, cookies="larder", places=PLACES)
