"""Run the benchmarks: `make bench`. The table of accuracy beside the peers is `python -m benchmarks.accuracy`."""

from . import counting, explorer, prediction, serving

if __name__ == "__main__":
    counting.main()
    prediction.main()
    explorer.main()
    serving.main()
