"""The commands of `larder`: the name, the function, and the line of help of each."""

from service.commands.lazy import Command, Group, group

COMMANDS: tuple[Command | Group, ...] = (
    Command(
        "demo",
        "service.commands.demo:demo",
        "Run the whole loop on the sample: from baskets to redeemed lists and the next lists.",
    ),
    Command(
        "init",
        "service.commands.setup:init",
        "Write a `.env` with fresh keys. An existing one is never overwritten.",
    ),
    Command(
        "migrate",
        "service.commands.setup:migrate_database",
        "Bring the database to the newest tables; safe to run again.",
    ),
    Command(
        "cycle",
        "service.commands.issue:cycle",
        "Run a cycle: predict, segment, allocate, compose, and issue the lists.",
    ),
    Command(
        "expire",
        "service.commands.expiry:expire",
        "Close the lists that ended and release their budgets; cycles and the scheduler do it too.",
    ),
    Command(
        "publish",
        "service.commands.batch:publish_batch",
        "Print a cycle's lists and put the package where the mailing house fetches it.",
    ),
    Command(
        "serve",
        "service.commands.serve:serve",
        "Serve HTTP and all pages; LARDER_SERVE_WORKER, _SCHEDULER, _SFTP run those inside too.",
    ),
    Command(
        "schedule",
        "service.commands.schedule:schedule",
        "Plan the nightly forecast, cycles, expiry, outcomes, batches and purge. Several may run.",
    ),
    Command(
        "work",
        "service.commands.work:work",
        "Write lists that are due, do requested runs, send messages. Several may run side by side.",
    ),
    Command(
        "sftp",
        "service.commands.sftp:sftp",
        "Serve SFTP to the mailing house: packages in out/, acknowledgements into ack/.",
    ),
    Command(
        "predict",
        "service.commands.forecast:predict",
        "When each household buys each item next: chance and date for all it has bought.",
    ),
    Command(
        "backtest",
        "service.commands.forecast:backtest",
        "Evaluate the forecast at rolling dates against the usual methods.",
    ),
    Command(
        "explain",
        "service.commands.explain:explain",
        "Why a household's list looks as it does: each item, each offer, and the next offers.",
    ),
    Command(
        "allocate",
        "service.commands.allocation:allocate",
        "Choose deals for every household, with a proof of how close to the best the choice is.",
    ),
    Command(
        "verify",
        "service.commands.printing:verify",
        "Rasterise a printed file, decode every symbol, check fonts, pages, safe areas and window.",
    ),
    Command(
        "response",
        "service.commands.planning:response",
        "What the holdouts of earlier cycles show about households' response to deals, by cell.",
    ),
    group(
        "lift",
        "Measure what the copies of cycles did, against the households they were kept from.",
        Command(
            "count",
            "service.commands.lift:count",
            "Count what households bought in the windows after each cycle.",
        ),
        Command(
            "show",
            "service.commands.lift:show",
            "What the copies of a cycle did, deal by deal, against both controls.",
        ),
        Command(
            "what-if",
            "service.commands.lift:what_if_of",
            "What it would have come to had some deals gone to some cells only.",
        ),
        Command(
            "reports",
            "service.commands.lift_reports:reports",
            "The frozen reports of a cycle: a deal in a window that became final.",
        ),
        Command(
            "redraw",
            "service.commands.lift_reports:redraw",
            "Draw the arms of a report again and say how often chance goes as far; same rows, same "
            "salt, same number.",
        ),
        Command(
            "supplier",
            "service.commands.lift_reports:supplier",
            "What a supplier may see of a deal or a period; that it was shown is logged.",
        ),
        Command(
            "log",
            "service.commands.lift_reports:show_log",
            "What suppliers were shown: of what, to whom, when, and its digests.",
        ),
    ),
    group(
        "report",
        "Sales and stores beside last year, concentration, who is about to leave, the programme.",
        Command(
            "count",
            "service.commands.report:count",
            "Count what stores sold by day, for the reports; the scheduler does it each night.",
        ),
        Command(
            "sales",
            "service.commands.report:sales",
            "Sales, baskets and customers by period, beside the same period of the year before.",
        ),
        Command(
            "stores",
            "service.commands.report:stores",
            "Each store's visits, conversion and ticket, and the part of baskets that used an "
            "offer.",
        ),
        Command(
            "concentration",
            "service.commands.report:concentration",
            "Which share of households brings which share of sales and margin.",
        ),
        Command(
            "leaving",
            "service.commands.report:leaving",
            "Households about to leave: away far longer than their rhythm, with what they used to "
            "buy.",
        ),
        Command(
            "programme",
            "service.commands.report:programme",
            "What the cycles of a period added and cost, against households that got no offers.",
        ),
    ),
    Command(
        "status",
        "service.commands.status:status",
        "What is wrong first, with exit code 1; then what is in the database and what waits.",
    ),
    Command(
        "doctor",
        "service.commands.doctor:doctor",
        "Look at everything that must be in order, each with what to do; exit 1 for a fault.",
    ),
    Command(
        "backup",
        "service.commands.backup:backup",
        "Keep the database as of one moment, packages, files of history; tills go on meanwhile.",
    ),
    Command(
        "restore",
        "service.commands.backup:bring_back",
        "Bring a backup into an empty database and check every invariant; exit 1 if one breaks.",
    ),
    Command(
        "retention",
        "service.commands.retention:show_retention",
        "What is older than it has to be kept, and what of it is needed; --apply removes it.",
    ),
    group(
        "history",
        "What was bought in months that are over, in files.",
        Command(
            "compact",
            "service.commands.history:compact",
            "Seal the months that are over, put what changed since into their files, and tidy up.",
        ),
        Command(
            "verify",
            "service.commands.history:verify",
            "Read every file to its end: whether it is there and as it was written; else exit 1.",
        ),
        Command(
            "export",
            "service.commands.history:export",
            "Write every line, sealed or not, as Parquet by month and shard, by internal numbers.",
        ),
        Command(
            "status",
            "service.commands.history:show",
            "How much is sealed, what waits to be, and which files are missing; exit 1 if one is.",
        ),
    ),
    group(
        "forecast",
        "Inspect the stored forecasts.",
        Command(
            "check",
            "service.commands.forecast_check:check",
            "Whether the stored forecasts were right and their inputs look as at the fit; "
            "else exit 1.",
        ),
    ),
    group(
        "keys",
        "Make, list and revoke API keys.",
        Command("add", "service.commands.keys:add", "Make a key and show it once."),
        Command(
            "list",
            "service.commands.keys:show",
            "Every key ever made, by its number and last characters.",
        ),
        Command(
            "revoke",
            "service.commands.keys:revoke",
            "Revoke a key; a running service refuses it within five seconds.",
        ),
        Command(
            "bind",
            "service.commands.keys:bind",
            "Bind a key to a person: what is done with it from now on counts as done by them.",
        ),
        Command(
            "renew",
            "service.commands.keys:renew",
            "Bring what can be read again under a new LARDER_SECRET_KEY, and count what is left.",
        ),
    ),
    group(
        "users",
        "The people who log in, and for whom keys and command lines stand.",
        Command(
            "add",
            "service.commands.users:add",
            "Invite a person and show the link by which they set a password, once.",
        ),
        Command(
            "list",
            "service.commands.users:show",
            "Everybody: roles, ways to log in, and when they were last seen.",
        ),
        Command(
            "roles",
            "service.commands.users:set_roles",
            "Give a person these roles instead of theirs.",
        ),
        Command(
            "bind",
            "service.commands.users:bind",
            "Bind a user of this machine to a person: what they type counts as done by that "
            "person.",
        ),
        Command(
            "reset",
            "service.commands.users:reset",
            "Remove a person's password, app and passkeys, and show a link to begin anew.",
        ),
        Command(
            "end",
            "service.commands.users:end",
            "End every session of a person: they have to log in again.",
        ),
        Command(
            "disable",
            "service.commands.users:disable",
            "Shut a person out at once: sessions end, their keys are refused, their name stays.",
        ),
        Command(
            "enable",
            "service.commands.users:enable",
            "Let a disabled person log in again.",
        ),
    ),
    group(
        "money",
        "Convert amounts to the minor unit of the currency.",
        Command(
            "convert",
            "service.commands.money:convert",
            "Convert all amounts to another minor unit, exactly, once; a dry run unless `--apply`.",
        ),
    ),
    group(
        "load",
        "Load CSV and other separated text, XLSX or Parquet; baskets as POSLog too. "
        "Loading a file again makes no duplicates. "
        "Exit code 3: some rows were refused, the others are loaded. "
        "Exit code 4: nothing was loaded, notes must be accepted first.",
        Command(
            "products",
            "service.commands.load:products",
            "The catalogue: products with their items, categories and suppliers.",
        ),
        Command(
            "households",
            "service.commands.load:households",
            "Households with their contact data, cards and phones.",
        ),
        Command(
            "baskets",
            "service.commands.load:baskets",
            "Purchase history: one row per basket line, or the POSLog that tills write.",
        ),
        Command(
            "deals",
            "service.commands.deals:load_file",
            "Suppliers' deals: the whole file, or nothing and every fault by cell.",
        ),
        Command(
            "stores",
            "service.commands.load:stores",
            "The region of each store, by which reports to suppliers count.",
        ),
        Command(
            "visitors",
            "service.commands.load:visitors",
            "How many came into each store by day, for reports of stores.",
        ),
        Command(
            "pictures",
            "service.commands.load:pictures",
            "Pictures of products, departments and content, and the logo: a folder, or a table of "
            "files and addresses.",
        ),
        Command(
            "content",
            "service.commands.load:content",
            "Recipes, tips, opening hours and partners' words: the whole file, or nothing of it.",
        ),
    ),
    group(
        "deals",
        "Suppliers' deals: the form to fill in, their states and their history.",
        Command(
            "template",
            "service.commands.deals:template",
            "Write the form as a workbook: columns with examples, then the rules.",
        ),
        Command(
            "history",
            "service.commands.deals:history",
            "Every revision of a deal: who loaded it when, from which file, and what changed.",
        ),
        Command(
            "set",
            "service.commands.deals:set_cells",
            "Make or edit one deal by itself, with the checks of a file.",
        ),
        Command(
            "list",
            "service.commands.steer:show_all",
            "Deals with title, products, value, dates, targets, state, copies and money.",
        ),
        Command(
            "show",
            "service.commands.steer:show",
            "One deal: its state, what it may still cost, and who did what to it.",
        ),
        Command(
            "picture",
            "service.commands.steer:picture",
            "Draw a deal as it is printed on a list, with its small print.",
        ),
        Command(
            "check",
            "service.commands.steer:check",
            "Confirm that drafts are as intended; then another person may approve them.",
        ),
        Command(
            "approve",
            "service.commands.steer:approve",
            "Approve checked deals. With approval on, whoever loaded them may not.",
        ),
        Command(
            "send-back", "service.commands.steer:send_back", "Make a checked deal a draft again."
        ),
        Command(
            "stop",
            "service.commands.steer:stop",
            "Stop deals at once: no more copies, and tills refuse those in circulation.",
        ),
        Command("resume", "service.commands.steer:resume", "Resume a stopped deal."),
        Command(
            "budget",
            "service.commands.steer:budget",
            "Raise the budget of a deal while it runs.",
        ),
    ),
    group(
        "overrides",
        "Pin deals to households, and ban them, over what a cycle would choose.",
        Command(
            "pin",
            "service.commands.overrides:pin",
            "Give a deal's copy to a household, a cell or all, unless a limit or a target forbids "
            "it.",
        ),
        Command(
            "ban",
            "service.commands.overrides:ban",
            "Give no copy of a deal to a household, a cell or all, whatever is pinned.",
        ),
        Command(
            "end",
            "service.commands.overrides:end",
            "End a pin or a ban; lists that are issued stay.",
        ),
        Command(
            "list",
            "service.commands.overrides:show",
            "What is pinned and banned, the newest first: for whom, by whom, when and why.",
        ),
    ),
    group(
        "runs",
        "What workers were asked to do.",
        Command(
            "list",
            "service.commands.runs:show",
            "The newest runs: what was asked for, how far each is, and why it failed.",
        ),
        Command("show", "service.commands.runs:one", "One run with what it came to, as JSON."),
        Command(
            "issue",
            "service.commands.runs:issue",
            "Ask for the cycle of a plan: just the lists that were planned are issued, or nothing.",
        ),
        Command(
            "compare",
            "service.commands.runs:compare",
            "Two plans side by side: what each comes to, by tenth, supplier and deal.",
        ),
        Command(
            "again",
            "service.commands.runs:again",
            "Ask for the work of a run that failed once more.",
        ),
        Command(
            "give-up",
            "service.commands.runs:give_up",
            "End a run that waits, whose worker died, or a cycle before it is issued; it failed.",
        ),
    ),
    group(
        "lists",
        "The shopping lists of households.",
        Command(
            "show",
            "service.commands.lists:show",
            "A household's lists, newest first: the code, its validity, and each line.",
        ),
    ),
    group(
        "household",
        "One household: what is stored of it, what it agreed to, and forgetting it.",
        Command(
            "export",
            "service.commands.household:export_one",
            "Write all that is stored of a household as one zip of JSON and CSV.",
        ),
        Command(
            "erase",
            "service.commands.household:erase_one",
            "Erase a household: who it was goes, everywhere; what was bought stays, of nobody.",
        ),
        Command(
            "erase-again",
            "service.commands.household:erase_again",
            "Erase again whom a restored backup brought back; what is left in files of others, "
            "too.",
        ),
        Command(
            "close-pages",
            "service.commands.household:close_pages",
            "Revoke the codes of a household's letters and log its phones out; lists stay good.",
        ),
        Command(
            "consents",
            "service.commands.household:consents",
            "What a household agreed to and took back, the newest first; or what it says now.",
        ),
        Command(
            "wishes",
            "service.commands.household:wishes",
            "What a household says of items, brands and deals now; or what it says now of one.",
        ),
        Command(
            "contact",
            "service.commands.household:change_contact",
            "Change where a household that agreed to it is written to; or show it.",
        ),
    ),
    Command(
        "why",
        "service.commands.desk:why",
        "What became of each line of a receipt or of a list, and why.",
    ),
    group(
        "goodwill",
        "What the service desk gives households of the retailer's own accord.",
        Command(
            "give",
            "service.commands.desk:give",
            "Give a household an amount that no supplier pays for; above a limit it waits.",
        ),
        Command("approve", "service.commands.desk:approve", "Give what waits, as a second person."),
        Command("decline", "service.commands.desk:decline", "Give nothing of what waits."),
        Command(
            "void",
            "service.commands.desk:take_back",
            "Take back what was given; the ledger has the amount again.",
        ),
        Command(
            "list",
            "service.commands.desk:show",
            "What was asked for and given, the newest first.",
        ),
    ),
    group(
        "agreements",
        "What suppliers agreed to: who pays, the fee, the tax, the limits.",
        Command(
            "load",
            "service.commands.clearing:load",
            "Add the agreements of a file, or a revision of each that changed; all of it or "
            "nothing.",
        ),
        Command(
            "list",
            "service.commands.clearing:show_agreements",
            "Accounts with their agreements in force.",
        ),
        Command(
            "example",
            "service.commands.clearing:show_example",
            "Print a small file of agreements, to start from.",
        ),
    ),
    group(
        "claims",
        "What suppliers owe: drawn from the ledger, issued, and cancelled.",
        Command(
            "draw",
            "service.commands.clearing:draw",
            "Draw a claim for each agreement with entries that no claim has; safe to run again.",
        ),
        Command(
            "list",
            "service.commands.clearing:show_all",
            "Claims, the newest first, with what is open of each.",
        ),
        Command(
            "show",
            "service.commands.clearing:show_one",
            "One claim: its lines, what it comes to, and what is open of it.",
        ),
        Command(
            "issue",
            "service.commands.clearing:issue",
            "Issue a draft: it gets its number, its dates and its tax, and is owed.",
        ),
        Command(
            "cancel",
            "service.commands.clearing:cancel",
            "Give up a draft, or credit an issued claim in full; its entries come into a later "
            "one.",
        ),
    ),
    group(
        "disputes",
        "What suppliers do not agree with, line by line.",
        Command(
            "open",
            "service.commands.clearing:open_one",
            "Dispute an amount of a line for its supplier; the rest of the claim stays due.",
        ),
        Command(
            "answer",
            "service.commands.clearing:answer",
            "Accept all, a part or nothing of a dispute; what is accepted is credited with its "
            "tax.",
        ),
        Command(
            "withdraw",
            "service.commands.clearing:withdraw",
            "Give a dispute up for its supplier.",
        ),
        Command("list", "service.commands.clearing:show_disputes", "Disputes, the newest first."),
    ),
    group(
        "books",
        "The books, checked against themselves.",
        Command(
            "check",
            "service.commands.clearing:check",
            "Check every invariant of the books; say what breaks each, the ten worst first.",
        ),
    ),
    group(
        "receipts",
        "What banks booked, and which claims it settles.",
        Command(
            "load",
            "service.commands.receipts:load",
            "Keep what a bank booked, or what a payer says of it; a booking in two files counts "
            "once.",
        ),
        Command(
            "match",
            "service.commands.receipts:match",
            "Match new receipts with claims by number and amount, or say what one in suspense is "
            "for.",
        ),
        Command(
            "list",
            "service.commands.receipts:show",
            "Receipts, the newest first, with what of each is in suspense and why.",
        ),
        Command(
            "set-off",
            "service.commands.receipts:set_off",
            "Set off what is due of accounts that agreed to it; what is in dispute stays.",
        ),
    ),
    Command(
        "ageing",
        "service.commands.papers:ageing",
        "What each account owes, by days past the due day.",
    ),
    group(
        "reminders",
        "Reminders of claims that are past due.",
        Command(
            "write",
            "service.commands.papers:remind",
            "Write the reminders that are due, one an account; written again, there are none.",
        ),
        Command("list", "service.commands.papers:show_reminders", "Reminders, the newest first."),
    ),
    group(
        "documents",
        "The documents of claims, kept byte for byte.",
        Command(
            "make",
            "service.commands.papers:make_documents",
            "Make the documents of every issued or credited claim that has none; safe to run "
            "again.",
        ),
        Command(
            "list",
            "service.commands.papers:show_documents",
            "The documents of a claim with their SHA-256.",
        ),
        Command(
            "write",
            "service.commands.papers:write_documents",
            "Write the documents of a claim as files, just as they went out.",
        ),
        Command(
            "evidence",
            "service.commands.papers:write_evidence",
            "Write what stands behind a claim's lines: every event by product, without a "
            "household.",
        ),
    ),
    group(
        "postings",
        "Postings for the general ledger.",
        Command(
            "export",
            "service.commands.papers:export_postings",
            "Write what was posted for the general ledger; debits and credits of each posting "
            "agree.",
        ),
    ),
    Command(
        "suppliers",
        "service.commands.papers:suppliers",
        "Suppliers by class in a quarter, with the figures and what keeps each from a better "
        "class.",
    ),
    group(
        "batch",
        "Check, acknowledge, reconcile, reprint, void and purge print batches.",
        Command(
            "received",
            "service.commands.batch:received",
            "Record that the mailing house has the whole package, however it was delivered.",
        ),
        Command(
            "acknowledge",
            "service.commands.batch:acknowledge",
            "Apply the mailing house's report on each piece; safe to repeat.",
        ),
        Command(
            "reconcile",
            "service.commands.batch:reconcile",
            "Count the pieces of a batch by state, and name those that are not mailed.",
        ),
        Command(
            "check",
            "service.commands.batch:check",
            "Read back every page of a batch as a mailing house would.",
        ),
        Command(
            "reprint",
            "service.commands.batch:reprint",
            "Print the spoiled pieces of a batch again, under their own ids and codes.",
        ),
        Command(
            "void",
            "service.commands.batch:void",
            "Void a batch before its pickup: codes become invalid, reservations are released.",
        ),
        Command(
            "purge",
            "service.commands.batch:purge",
            "Remove the files of batches older than LARDER_PURGE_DAYS now; the scheduler does it "
            "daily.",
        ),
    ),
    group(
        "layout",
        "List, check and draw layouts of printed lists.",
        Command("list", "service.commands.printing:show", "The shipped layouts."),
        Command(
            "preview",
            "service.commands.printing:preview",
            "Draw a layout as the settings print it and with the longest texts; refuse overflow.",
        ),
        Command(
            "check",
            "service.commands.printing:check",
            "Refuse a layout whose worst case overflows in any shipped language; say what it can "
            "print.",
        ),
    ),
    group(
        "fonts",
        "Fonts for letters that the shipped ones lack.",
        Command(
            "add",
            "service.commands.printing:add_font",
            "Add a font for letters that the shipped ones lack, if its licence lets it be "
            "embedded.",
        ),
    ),
)
