"""Run the benchmarks: `make bench`."""

from . import counting, explorer

if __name__ == "__main__":
    counting.main()
    explorer.main()
