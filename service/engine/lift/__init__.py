"""What deals did that would not have happened otherwise: draws, sums, estimates, checks."""

from service.engine.lift.draw import held_out

__all__ = ["held_out"]
