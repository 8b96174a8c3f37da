"""What agents are told: which memories, in which order, and how each is written down."""
