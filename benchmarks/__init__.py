"""What Perdure promises in numbers, measured: `python -m benchmarks [NAME …]`."""
