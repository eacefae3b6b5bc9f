"""The kinds of charts, one file each: plain data in, a `Chart` with its description out."""
