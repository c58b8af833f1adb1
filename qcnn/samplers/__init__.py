"""What generates a distribution: the PQCNN, and the controls that may stand in its place."""
