"""Which offers may go to whom, what each copy would be worth and hold, and what was withheld.

Everything here takes and returns frames. `candidates` begins, `allocate` chooses among them, and
`picks` says what the rule would give everybody, whatever was drawn.
"""

from service.engine.offers.arms import OFFERED, Arm
from service.engine.offers.candidates import candidates
from service.engine.offers.left_out import LeftOut, given
from service.engine.offers.running import RunningOffers
from service.engine.offers.valuation import Valuation

__all__ = ["OFFERED", "Arm", "LeftOut", "RunningOffers", "Valuation", "candidates", "given"]
