"""Settings of PQCNNs and mapping: those of one cost, those that fill a budget, what is searched."""
