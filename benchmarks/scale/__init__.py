"""A year of profiles in a local store: what it takes, and how fast it is judged anew."""
