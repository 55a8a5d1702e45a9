"""The suites of the benchmark, one TOML file each; `benchmark.sweep.suite` reads them."""
