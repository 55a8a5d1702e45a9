"""How fast the suite is, measured beside its peers: `python tests/performance --help`."""
