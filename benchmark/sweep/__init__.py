"""From suites to the runs that are missing: plans, searches on validation, estimates, executors."""
