"""A training that frees and takes the same memory at each step keeps it, and returns it then."""

import subprocess
import sys

import pytest

pytestmark = pytest.mark.process

CODE = """
import resource, sys, contextlib
import torch
from benchmark.evaluation.allocation import kept_memory

def faults():
    return resource.getrusage(resource.RUSAGE_SELF).ru_minflt

def resident():
    lines = open("/proc/self/status").read().splitlines()
    return next(int(line.split()[1]) for line in lines if line.startswith("VmRSS:"))

def work():
    for _ in range(20):
        blocks = [torch.ones(12 << 20) for _ in range(3)]  # 48 MiB each, above any threshold
        del blocks

work()
before = faults()
work()
usual = faults() - before
with kept_memory() as works:
    work()
    before = faults()
    work()
    kept = faults() - before
    held = resident()
print(int(works), usual, kept, held - resident())
"""


@pytest.mark.skipif(sys.platform != "linux", reason="glibc only")
def test_no_page_is_asked_for_twice():
    done = subprocess.run([sys.executable, "-c", CODE], capture_output=True, text=True)
    assert done.returncode == 0, done.stderr
    works, usual, kept, returned = map(int, done.stdout.split())
    if not works:
        pytest.skip("another C library")
    assert kept < usual / 10  # a page fault for each page of each block, or for none
    assert returned > 100 << 10  # KiB: most of the three blocks, once it is over
