"""Run the benchmarks: `make bench`. Beside the peers: `python -m benchmarks.accuracy` and `benchmarks.grading`."""

from . import counting, explorer, prediction, serving

if __name__ == "__main__":
    counting.main()
    prediction.main()
    explorer.main()
    serving.main()
