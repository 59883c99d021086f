"""A quantised model in this process: many customers on one llama.cpp context. See docs/adr/0016."""
