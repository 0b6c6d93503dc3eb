"""One command per figure, against real servers: `make benchmarks`, or `python -m benchmarks.<name>`."""
