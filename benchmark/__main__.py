"""`python -m benchmark` is the command `oneshot`."""

from benchmark.cli.app import main

if __name__ == "__main__":
    main()
