"""`python -m netad.outputs.elastic.assets`: generate what Kibana imports from its source."""

import sys

from netad.outputs.elastic.assets.generate import write

for path in write():
    sys.stdout.write(f"{path}\n")
