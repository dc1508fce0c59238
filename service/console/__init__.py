"""The console: pages for the retailer's people, a sub-application beside the HTTP interface.

A screen parses, calls one act of the rooms below and shows the result; none goes around an act.
"""
