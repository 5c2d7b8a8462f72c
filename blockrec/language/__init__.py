"""The language of model files: YAML with positions, one merge rule, expressions, schemas."""
