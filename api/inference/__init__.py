"""One validator and one predictor for every door: from a body to answers. No HTTP here."""
