"""From what is wanted to the jobs that are missing: suites, searches on validation, estimates."""
