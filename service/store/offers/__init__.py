"""Queries on offers, the revisions of suppliers' deals.

`uploads`: the files of deals; `revisions`: loading them; `issuable`: the offers a cycle may give;
`products`: what counts for them; `states`: their states, and `events` the audit trail; `overview`:
their budgets; `responses`: what was learned from their copies.
"""
