"""Events to web hooks: JSON over HTTP, templated, signed, tried again."""
