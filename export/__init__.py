"""The scikit-learn twin of a BigQuery ML model: trained, certified, signed and published."""
