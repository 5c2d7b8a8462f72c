"""Measures of predictions against labels: `blockrec.metrics.metric` makes them from a model file's words."""
