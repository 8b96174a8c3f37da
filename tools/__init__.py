"""What agents can use, and the registry of it. Tools are plain functions that run in activities, not in workflows."""
