"""Orders: where they are kept, who may hear about them, and the dialogue that leads there."""
