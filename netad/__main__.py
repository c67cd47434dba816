"""`python -m netad`."""

from netad.cli import main

main()
