"""What agents can use, and the registry of it. A tool is a plain function; it runs in an activity, never in a workflow."""
