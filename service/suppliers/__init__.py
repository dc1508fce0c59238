"""What a supplier sees and does: the acts of other rooms, on what is its own and nothing else.

Pages and interface call these with the supplier's `Scope`. What is somebody else's is not there.
"""
