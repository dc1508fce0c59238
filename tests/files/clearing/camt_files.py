"""Statements of a bank as each version of camt.053 writes them."""

from collections.abc import Sequence

VERSIONS = ("02", "03", "04", "06", "08", "10", "13")


def entry(
    amount: str,
    *details: str,
    version: str = "08",
    side: str = "CRDT",
    reference: str = "BANK1",
    state: str = "BOOK",
    day: str = "2026-03-02",
    currency: str = "EUR",
    more: str = "",
) -> str:
    """An entry with its details, of which several make it a collective booking."""
    told = state if int(version) < 8 else f"<Cd>{state}</Cd>"
    return (
        f'<Ntry><NtryRef>1</NtryRef><Amt Ccy="{currency}">{amount}</Amt><CdtDbtInd>{side}'
        f"</CdtDbtInd><Sts>{told}</Sts><BookgDt><Dt>{day}</Dt></BookgDt>"
        f"<AcctSvcrRef>{reference}</AcctSvcrRef>{more}"
        + (f"<NtryDtls>{''.join(details)}</NtryDtls>" if details else "")
        + "</Ntry>"
    )


def details(
    text: str = "",
    *,
    version: str = "08",
    amount: str = "",
    currency: str = "EUR",
    payer: str = "Brightside Foods Ltd",
    end_to_end: str = "NOTPROVIDED",
    own: str = "",
    more: str = "",
    role: str = "Dbtr",
) -> str:
    """One payment of an entry."""
    name = f"<Nm>{payer}</Nm>"
    party = f"<Pty>{name}</Pty>" if int(version) >= 8 else name
    told = ""
    if amount and int(version) < 4:
        told = f'<AmtDtls><TxAmt><Amt Ccy="{currency}">{amount}</Amt></TxAmt></AmtDtls>'
    elif amount:
        told = f'<Amt Ccy="{currency}">{amount}</Amt>'
    refs = f"<AcctSvcrRef>{own}</AcctSvcrRef>" if own else ""
    said = f"<RmtInf><Ustrd>{text}</Ustrd></RmtInf>" if text else ""
    return (
        f"<TxDtls><Refs>{refs}<EndToEndId>{end_to_end}</EndToEndId></Refs>{told}"
        f"<RltdPties><{role}>{party}</{role}><{role}Acct><Id><IBAN>DE02100100100006820101</IBAN>"
        f"</Id></{role}Acct></RltdPties>{more or said}</TxDtls>"
    )


def statement(
    *entries: str,
    version: str = "08",
    balances: Sequence[str] = (),
    account: str = "<IBAN>DE89370400440532013000</IBAN>",
    kind: str = "camt.053.001.",
    identity: str = "S1",
) -> str:
    """A file with one statement; `balances` are its opening and closing one."""
    told = "".join(
        f'<Bal><Tp><CdOrPrtry><Cd>{code}</Cd></CdOrPrtry></Tp><Amt Ccy="EUR">'
        f"{amount.lstrip('-')}</Amt><CdtDbtInd>{'DBIT' if amount[0] == '-' else 'CRDT'}"
        "</CdtDbtInd></Bal>"
        for code, amount in zip(("OPBD", "CLBD"), balances, strict=False)
    )
    return (
        '<?xml version="1.0" encoding="UTF-8"?>'
        f'<Document xmlns="urn:iso:std:iso:20022:tech:xsd:{kind}{version}"><BkToCstmrStmt>'
        f"<GrpHdr><MsgId>M1</MsgId></GrpHdr><Stmt><Id>{identity}</Id><Acct><Id>{account}</Id>"
        f"<Ccy>EUR</Ccy></Acct>{told}{''.join(entries)}</Stmt></BkToCstmrStmt></Document>"
    )
