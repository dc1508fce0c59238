"""The summary that the demonstration prints at its end."""

import json

import polars as pl
from rich.console import Console
from rich.table import Table

from service.demo.page import address_here, in_terminal
from service.demo.picture import text_chart
from service.demo.run import PICTURE, Demo
from service.engine.ledger import Account
from service.engine.money import format_money

_CURRENCY = "USD"
_SUPPLIERS_SHOWN = 5
DATA = (
    "84.51°'s public Complete Journey 2017 data (simulated, says one redistributor; of 2,469 real "
    "households, says another); names, addresses, brands and the values of deals are invented"
)
HISTORY = (
    "Its shoppers are history that no list influenced: uses show what they would have bought "
    "anyway, not what lists do. `larder demo --shoppers` has shoppers who respond"
)
_INCOME = (Account.FEE_INCOME, Account.SLOT_INCOME)


def show(demo: Demo, out: Console, *, program: str = "larder") -> None:
    """Print what happened, where the files are, and what to try next.

    `program` is what to type before a command.
    """
    out.print(DATA, soft_wrap=True, markup=False)
    out.print(HISTORY, soft_wrap=True, markup=False)
    _numbers(demo, out)
    _worth(demo, out)
    _suppliers(demo, out)
    _seconds(demo, out)
    _page(demo, out, program)
    _next_steps(demo, out, program)


def _numbers(demo: Demo, out: Console) -> None:
    cycle, batch, usage, tills = demo.cycle, demo.batch, demo.usage, demo.replay
    shown = ", ".join(f"{count} {kind}" for kind, count in sorted(tills.shown.items()))
    # What suppliers owe less what they owe for handling and for printed slots.
    borne = sum(_balance(demo, each) for each in (Account.SUPPLIER_RECEIVABLE, *_INCOME))
    own = _balance(demo, Account.RETAILER_FUNDING)
    days = (cycle.valid_to - cycle.valid_from).days + 1
    rows = (
        ("households", f"{cycle.households}, of which {cycle.eligible} eligible"),
        ("lists issued", f"{cycle.lists} ({cycle.holdout} held out: reminders only)"),
        ("pages printed", f"{batch.pages} for {batch.pieces} pieces ({batch.not_mailed} no mail)"),
        ("envelope window", batch.window or "none"),
        ("offers issued", f"{usage['offers']:,} worth {_money(cycle.face_value_cents)}"),
        (
            "allocation",
            f"within {cycle.gap:.2%} of the best possible, no limit broken"
            if cycle.violations == 0
            else f"{cycle.violations} limits broken",
        ),
        ("baskets at the tills", f"{tills.baskets} in {days} days (shown: {shown})"),
        ("offers redeemed", f"{usage['redeemed']} in {tills.with_discount} baskets"),
        ("households redeeming", f"{usage['households_redeeming']}"),
        (
            "list lines bought",
            f"{usage['bought'] / usage['lines']:.1%} of {usage['lines']:,} within the validity",
        ),
        (
            "discount given",
            f"{_money(borne + own)}: {_money(borne)} by suppliers, {_money(own)} by the retailer",
        ),
        ("next lists written", f"{demo.next_lists}"),
    )
    table = Table(title="What happened", show_header=False, box=None, title_justify="left")
    for name, text in rows:
        table.add_row(name, text)
    out.print(table)


def _worth(demo: Demo, out: Console) -> None:
    title, *lines = text_chart(demo.cycle.worth, demo.worth_by_cell)
    out.print(title, style="italic", markup=False)
    for line in lines:
        out.print(line, soft_wrap=True, markup=False, highlight=False)


def _balance(demo: Demo, account: Account) -> int:
    balances = demo.balances
    return int(balances.filter(balances["account"] == account)["amount_cents"].sum())


def _suppliers(demo: Demo, out: Console) -> None:
    """What suppliers owe, and how much of it is for handling and printed slots."""
    is_fee = pl.col("account").is_in(_INCOME)
    claims = (
        demo.balances.filter((pl.col("account") == Account.SUPPLIER_RECEIVABLE) | is_fee)
        .group_by("supplier")
        .agg(
            pl.col("amount_cents").filter(~is_fee).sum().alias("owed"),
            -pl.col("amount_cents").filter(is_fee).sum().alias("fees"),
        )
        .sort("owed", "supplier", descending=[True, False])
    )
    table = Table(title="Largest claims", show_header=False, box=None, title_justify="left")
    for supplier, owed, fees in claims.head(_SUPPLIERS_SHOWN).iter_rows():
        table.add_row(supplier, _owed(owed, fees))
    others = claims.slice(_SUPPLIERS_SHOWN)
    sums = (int(others["owed"].sum()), int(others["fees"].sum()))
    table.add_row(f"{others.height} others", _owed(*sums))
    out.print(table)


def _owed(cents: int, fees: int) -> str:
    return f"{_money(cents)}, of which {_money(fees)} fees"


def _seconds(demo: Demo, out: Console) -> None:
    table = Table(title="Seconds", show_header=False, box=None, title_justify="left")
    for stage, seconds in demo.seconds.items():
        table.add_row(stage, f"{seconds:.1f}")
    table.add_row("together", f"{sum(demo.seconds.values()):.1f}")
    out.print(table)


def _next_steps(demo: Demo, out: Console, program: str) -> None:
    body = {
        "transaction": {
            "store": demo.pos_store,
            "terminal": "9",
            "business_date": demo.example["valid_to"],
            "number": "1",
            "at": f"{demo.example['valid_to']}T12:00:00-05:00",
        },
        "presented": [{"kind": "list", "value": demo.example["code"]}],
        "lines": [
            {
                "line": 1,
                "gtin": demo.example["gtin"],
                "quantity": int(demo.example["pieces"]),
                "unit": "each",
                "amount_cents": int(demo.example["amount_cents"]),
            }
        ],
    }
    out.print("Look further", style="italic")
    for line in (
        f"the printed lists: {demo.batch.folder}",
        f"the picture above: {demo.folder / PICTURE}",
        f"the service:       cd {demo.folder} && {program} serve",
        f"the console:       {demo.log_in.address}, log in as {demo.log_in.email}",
        f"                   with the password {demo.log_in.password}",
        *_claimed(demo),
        "its documentation: http://127.0.0.1:8000/docs, with this admin key:",
        f"                   {demo.admin_key}",
        "one more basket, while it serves:",
        "curl -s http://127.0.0.1:8000/v1/redemptions \\",
        f"  -H 'Authorization: Bearer {demo.pos_key}' \\",
        "  -H 'Content-Type: application/json' \\",
        f"  -d '{json.dumps(body)}'",
    ):
        out.print(line, soft_wrap=True, markup=False)


def _page(demo: Demo, out: Console, program: str) -> None:
    """One household's page, for a phone of the same network."""
    address = address_here() + demo.page
    out.print("A household's page", style="italic")
    for line in (
        f"served by:         cd {demo.folder} && {program} serve --host 0.0.0.0",
        f"it is at:          {address}",
        "or point a phone of the same network at this:",
    ):
        out.print(line, soft_wrap=True, markup=False)
    for line in in_terminal(address):
        out.print(line, style="black on white", soft_wrap=True, markup=False, highlight=False)


def _claimed(demo: Demo) -> list[str]:
    """One supplier's statement, and how it logs in."""
    claimed = demo.claimed
    if claimed is None:
        return []
    return [
        f"a claim:           {claimed.number} on {claimed.supplier}, {claimed.statement}",
        f"the portal:        {claimed.address}, log in as {claimed.email}",
        f"                   with the password {claimed.password}",
    ]


def _money(cents: int) -> str:
    return format_money(cents, _CURRENCY, "en")
