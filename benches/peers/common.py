"""What the peers share: their command line and how they measure.

`python peer.py WORK ...` does each work once without a clock if it is quick, then with one, and prints an object a
line: {"work": ..., "seconds": [...]}. `python peer.py --versions` prints the versions of what it measures.
Data that a work begins with is made before its time starts, as in crates/cli/src/bench/mod.rs.
"""

import json
import sys
import time
from importlib.metadata import version


def measure(works, packages):
    """Does the works that the command line names. `works`: name -> (warm-ups, times, prepare), where prepare() makes
    the function that is timed."""
    names = sys.argv[1:]
    if names == ["--versions"]:
        versions = {package: version(package) for package in packages}
        print(json.dumps({"python": sys.version.split()[0], **versions}))
        return
    unknown = [name for name in names if name not in works]
    if unknown or not names:
        sys.exit(f"works: {', '.join(works)}; unknown: {', '.join(unknown)}")
    for name in names:
        warm_ups, times, prepare = works[name]
        work = prepare()
        seconds = []
        for time_number in range(warm_ups + times):
            start = time.perf_counter()
            work()
            if time_number >= warm_ups:
                seconds.append(time.perf_counter() - start)
        print(json.dumps({"work": name, "seconds": seconds}), flush=True)
        del work

