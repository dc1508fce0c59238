"""Queries on offers, the revisions of suppliers' deals.

`uploads` the files they came in; `revisions` loading them; `issuable` those a cycle may give;
`products` what counts for them; `states` their life, and `events` its audit trail; `overview` what
they hold of budgets; `responses` what their copies taught.
"""
