"""The model card: two pages, in English and Brazilian Portuguese, and their pictures."""
