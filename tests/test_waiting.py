"""How threads wait: briefly spinning alone, asleep beside others, and as a person has said."""

import os

import pytest

from benchmark import waiting
from benchmark.cli import app


@pytest.fixture
def unsaid(monkeypatch):
    """An environment of the test's own, in which neither variable is set."""
    mine = {k: v for k, v in os.environ.items() if k not in (waiting.POLICY, waiting.SPINS)}
    monkeypatch.setattr(os, "environ", mine)
    return mine


def test_the_command_lets_threads_spin_briefly(unsaid, monkeypatch):
    monkeypatch.setattr("sys.argv", ["oneshot", "--version"])
    with pytest.raises(SystemExit):
        app.main()
    assert unsaid[waiting.SPINS] == "1000" and unsaid[waiting.POLICY] == "PASSIVE"


@pytest.mark.parametrize("name", [waiting.POLICY, waiting.SPINS])
def test_what_a_person_has_said_stays(unsaid, name):
    unsaid[name] = "ACTIVE"
    before = dict(unsaid)
    waiting.choose()
    assert unsaid == before and waiting.among(2) == {}


def test_beside_other_jobs_they_sleep_at_once(unsaid):
    waiting.choose()
    assert waiting.among(1) == {} and waiting.among(2) == {waiting.SPINS: "0"}
