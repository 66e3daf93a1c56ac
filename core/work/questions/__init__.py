"""Questions that pages and ``ask`` share: one function per question, tables in, frame or values out."""
