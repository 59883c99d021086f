"""What a customer's message is about: rules first, then a classifier trained on examples."""
