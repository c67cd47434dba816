"""`netad scan`: what is new since the last run, as one stream that goes on from run to run."""
