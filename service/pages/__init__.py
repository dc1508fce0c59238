"""What pages for people are made of: sessions, guard, languages, tables, charts, problems.

Each sub-application of pages (`console/` for the retailer's people) is a `Site` and has routes of
its own; it shares these. Nothing here knows which sites there are.
"""
