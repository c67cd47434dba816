"""YAML suppression rules: schema, loading, matching, marking."""
