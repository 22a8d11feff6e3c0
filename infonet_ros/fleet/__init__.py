"""Many recordings side by side, by Dask: on this machine or on a cluster."""
