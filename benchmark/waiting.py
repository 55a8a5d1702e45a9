"""How a thread of a network's arithmetic waits for the next piece of work.

A step of a small network is a hundred short pieces. A thread that sleeps between them has to be
woken for each, which takes a fifth of a training on 28x28; one that spins until there is work takes
the processor from others, and two jobs on the same two cores then need twenty times as long. So it
spins for some microseconds, then sleeps; where several jobs share the cores it sleeps at once.

OpenMP reads the variables once, before torch is imported. Results do not depend on them.
"""

from __future__ import annotations

import os

POLICY, SPINS = "OMP_WAIT_POLICY", "GOMP_SPINCOUNT"
BRIEFLY, AT_ONCE = "1000", "0"


def choose() -> None:
    """Spins briefly, unless one of the variables says otherwise."""
    if POLICY not in os.environ and SPINS not in os.environ:
        os.environ[POLICY] = "PASSIVE"  # for other libraries than GNU's, which know no count
        os.environ[SPINS] = BRIEFLY


def among(jobs: int) -> dict[str, str]:
    """Variables for the process of one of so many jobs beside each other.

    None where a person has said another count than that of `choose`.
    """
    return {SPINS: AT_ONCE} if jobs > 1 and os.environ.get(SPINS) == BRIEFLY else {}
