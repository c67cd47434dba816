"""What every room stands on: errors, component registry, addresses, time, files, identities."""
