"""One allocation in a process of its own: its gap, CPU and memory as one line of JSON.

    python -m bench.allocate_run FOLDER SEED

Nothing is imported here but what the allocation needs, so the process is its own measure.
"""

import json
import sys
import time
from pathlib import Path

from service.files.allocation import allocate_folder


def main() -> None:
    """Allocate the instance of the folder into its `out` and print what it took."""
    home = Path(sys.argv[1])
    proof = allocate_folder(home, home / "out", seed=int(sys.argv[2]))
    facts = {
        "gap_percent": round(100 * proof.gap, 4),
        "process_cpu_seconds": round(time.process_time(), 1),
        "peak_mb": peak_mb(),
        "primal_cents": proof.primal_cents,
        "dual_bound_cents": proof.dual_bound_cents,
        "violations": proof.violations,
        "missing_copies": proof.minimum_missing_copies,
        "below_floor": proof.households_below_floor,
    }
    sys.stdout.write(json.dumps(facts))


def peak_mb() -> int:
    """Most memory this process has held (getrusage would count its parent's too)."""
    status = Path("/proc/self/status").read_text()
    return int(status.split("VmHWM:")[1].split()[0]) // 1024


if __name__ == "__main__":
    main()
