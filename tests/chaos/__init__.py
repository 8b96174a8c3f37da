"""What happens when parts of it die, forget or grow: workers, servers, stores, histories."""
