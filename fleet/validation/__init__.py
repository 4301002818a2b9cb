"""All mistakes of a fleet repository before it is merged, each where a person wrote it."""
