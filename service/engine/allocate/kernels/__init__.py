"""The household step as compiled loops: scan, relaxation, exact search, and the passes over many.

One household chooses from `n` candidates that are sorted by category, then by conflict group;
`border` marks where each begins. Its score is the value less the prices of the deal. All of it
works on one household's slice copied into a `Desk` (scratch rows), so nothing is allocated in a
pass.

The limits nest (one per conflict group, `per_category` per category, `slots` in all), so for any
multiplier `theta` on face value the best choice is one scan: `scan.scan`. `scan.relax` finds the
multiplier of the face-value band (a convex function of one variable) and with it the household's
bound; `choose.mix` walks between the two choices that meet there; `search.search` closes what the
band leaves open, exactly, by branch and bound over the few conflict groups whose alternatives cost
less than the gap. Where a conflict group crosses categories the scan ignores it (still a bound)
and the search enforces it. `passes` does this for all households, `chains` for one after another.

Counts that are handed on start as `int(np.int64(0))`: a literal 0 is a type of its own and would
have the called loop compiled twice.
"""
