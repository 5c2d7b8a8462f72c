"""Measures of predictions against labels: `metrics.table.Table` takes rows and gives every metric of a task."""
