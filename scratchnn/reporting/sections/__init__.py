"""The sections of the page, one file each: plain data in, a `Section` out."""
