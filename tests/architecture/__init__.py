"""Rules of the code that a machine keeps."""
