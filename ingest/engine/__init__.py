"""The fast way from blocks of capture bytes to flow records: numba kernels over plain arrays."""
