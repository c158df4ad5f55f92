"""Learning on arrays and frames, with scikit-learn's names."""
