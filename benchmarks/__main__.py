"""Run the benchmarks: `make bench`."""

from . import explorer

if __name__ == "__main__":
    explorer.main()
