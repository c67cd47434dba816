"""What a release needs beside the code: archives that can be built again to the byte, checked outside the tree."""
