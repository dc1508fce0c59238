"""How to start `larder` again, for hints."""

import os
import shutil
import sys
from pathlib import Path


def program() -> str:
    """What to type for `larder`, by how this process was started.

    `larder` where that is on the path; `uv run --no-dev larder` where uv started it, from outside
    the environment it runs in; otherwise the script itself, which works from every folder.
    """
    script = Path(sys.argv[0]).absolute()
    uv = os.environ.get("UV") if "UV_RUN_RECURSION_DEPTH" in os.environ else None
    if uv is None:
        found = shutil.which("larder")
        if script.name == "larder" and found is not None and script.samefile(found):
            return "larder"
    elif Path(uv).absolute().parent != script.parent:
        return "uv run --no-dev larder"
    return str(script) if script.name == "larder" else f"{sys.executable} -m service"
