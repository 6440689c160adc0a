"""How each family of BigQuery ML models becomes scikit-learn: one module a family."""
