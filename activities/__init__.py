"""The border: what leaves a workflow. Each class is given its ports by constructor."""
