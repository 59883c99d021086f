"""Is an answer supported by its context? Features of their alignment, and a model fitted on public judgements."""
