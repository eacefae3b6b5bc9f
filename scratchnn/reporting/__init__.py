"""The report of a run as one HTML page: plain data in, text and pictures out. It reads no file and prints nothing."""
