"""Pure values, ports and errors that every other part points at. Imports no driver and does no I/O."""
