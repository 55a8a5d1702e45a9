"""The test that people take in a browser: pinned questions, and whom their errors stand beside."""
