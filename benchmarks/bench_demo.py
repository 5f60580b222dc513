"""The whole demonstration: from nothing to the tables, compared cell by cell, and the page.

    python benchmarks/bench_demo.py [SCALE]

At full size it should take less than four minutes on two cores, aim two, and 8 GiB at most. What
each step cost is in the answer too. It ends with 1 when a cell differs or a limit is passed.
"""

from __future__ import annotations

import resource
import subprocess
import sys
import tempfile
import time
from pathlib import Path

SECONDS = 240
GIB = 8


def main(scale: str) -> int:
    with tempfile.TemporaryDirectory() as folder:
        command = [str(Path(sys.executable).with_name("folkestrom")), "--store", f"{folder}/store"]
        began = time.perf_counter()
        done = subprocess.run(
            [*command, "demo", "--scale", scale], check=False, stdout=subprocess.PIPE, text=True
        )
        seconds = time.perf_counter() - began
    # Linux counts in KiB, macOS in bytes.
    unit = 2**30 if sys.platform == "darwin" else 2**20
    peak = resource.getrusage(resource.RUSAGE_CHILDREN).ru_maxrss / unit
    print("\n".join(done.stdout.splitlines()[-11:]))
    print(f"{seconds:.0f} s (at most {SECONDS}), peak {peak:.2f} GiB (at most {GIB})")
    return int(done.returncode != 0 or seconds > SECONDS or peak > GIB)


if __name__ == "__main__":
    sys.exit(main(sys.argv[1] if len(sys.argv) > 1 else "1"))
