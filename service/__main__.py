"""The `larder` command line."""

import sys

import typer

from service.commands import (
    allocation,
    batch,
    expiry,
    explain,
    forecast,
    issue,
    planning,
    printing,
    serve,
    setup,
    steer,
)
from service.commands.console import EXIT_FAILED, show_error
from service.commands.demo import demo
from service.commands.load import load
from service.errors import LarderError

app = typer.Typer(
    name="larder",
    help="Shopping lists that know what each household needs next, with the deals suppliers "
    "pay for. Exit codes: 0 done, 1 failed with nothing half-done, 2 wrong usage, 3 done but some "
    "rows were refused.",
    no_args_is_help=True,
    pretty_exceptions_show_locals=False,
    add_completion=False,
)
app.command("demo")(demo)
app.command("init")(setup.init)
app.add_typer(setup.keys, name="keys")
app.command("migrate")(setup.migrate_database)
app.add_typer(load, name="load")
app.add_typer(steer.deals, name="deals")
app.command("cycle")(issue.cycle)
app.command("expire")(expiry.expire)
app.command("publish")(issue.publish_batch)
app.add_typer(batch.batch, name="batch")
app.command("serve")(serve.serve)
app.command("schedule")(serve.schedule)
app.command("work")(serve.work)
app.command("sftp")(serve.sftp)
app.command("predict")(forecast.predict)
app.command("backtest")(forecast.backtest)
app.command("explain")(explain.explain)
app.command("allocate")(allocation.allocate)
app.add_typer(printing.layout, name="layout")
app.command("verify")(printing.verify)
app.command("response")(planning.response)
app.command("status")(issue.status)


def main() -> None:
    """Run the command; an expected error is one clear line and exit code 1."""
    try:
        app()
    except LarderError as error:
        show_error(error)
        sys.exit(EXIT_FAILED)


if __name__ == "__main__":
    main()
