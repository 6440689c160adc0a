"""Models as plain numbers: made of a pipeline once, computed with from then on. No HTTP here."""
