"""The measurements that the repository keeps: `python -m bench`, see docs/measurements.md."""
