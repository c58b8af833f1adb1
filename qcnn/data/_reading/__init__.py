"""Files of images and labels: found or downloaded, checked, uncompressed, read."""
