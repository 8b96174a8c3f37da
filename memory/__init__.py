"""Stores behind the ports: one file a driver."""
