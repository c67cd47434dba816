"""A pre-trained language model that reads profiles as text; nothing of torch is imported before it is used."""
