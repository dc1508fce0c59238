"""Larder: shopping lists that know what each household needs next."""

import os

# NumPy reads this when it is first imported. The forecast multiplies many small matrices, and more
# threads only wait for each other: one fits the sample in 2.3 CPU seconds, two in 17.9.
os.environ.setdefault("OPENBLAS_NUM_THREADS", "1")
