"""The measurements that the repository keeps: `python -m bench [NAME]`, see docs/measurements.md."""
