"""Events: from a change or a message to what follows from it."""
