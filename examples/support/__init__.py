"""Example: see `app.py` and `flow.yaml`."""
