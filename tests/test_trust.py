"""The linter is set to find what runs or unpacks its input."""

import json
import re
import subprocess
from pathlib import Path

import pytest
from ruff import find_ruff_bin

ROOT = Path(__file__).parents[1]
DANGEROUS = """\
import pickle
import yaml
from pickle import loads
from xml.etree import ElementTree
torch.load(file, weights_only=False)
on_cpu(data, torch.load)
torch.jit.load(file)
np.load(path)
np.loadtxt(path)
pd.read_csv(path)
pd.read_pickle(path)
eval(text)
exec(text)
tarfile.open(path).extractall(folder)
subprocess.run(words, shell=True)
subprocess.run(words, shell=shell)
os.system(text)
os.popen(text)
shutil.unpack_archive(path)
jinja2.Environment(autoescape=False)
importlib.util.module_from_spec(spec)
"""
SAFE = """\
json.loads(text)
model.eval()
subprocess.run(["git", "status"])
re.compile(text)
np.save(path, array, allow_pickle=False)
jinja2.Environment(autoescape=True)
"""
IMPORTS = """\
import importlib.util, json, os, re, shutil, subprocess, tarfile
import jinja2, torch
import numpy as np
import pandas as pd
"""


def lines_found(source: str, place: str) -> set[str]:
    command = [find_ruff_bin(), "check", "--output-format", "json", "--no-cache",
               "--stdin-filename", place, "-"]  # fmt: skip
    done = subprocess.run(command, input=IMPORTS + source, capture_output=True, text=True, cwd=ROOT)
    lines = (IMPORTS + source).splitlines()
    codes = re.compile(r"S\d+|TID251")
    found = [each for each in json.loads(done.stdout) if codes.fullmatch(str(each["code"]))]
    return {lines[each["location"]["row"] - 1] for each in found}


@pytest.mark.parametrize("place", ["benchmark/x.py", "baselines/x.py", "tools/x.py"])
def test_dangerous_calls_are_found_and_safe_ones_are_not(place):
    assert set(DANGEROUS.splitlines()) - lines_found(DANGEROUS, place) == set()
    assert lines_found(SAFE, place) == set()
