"""Models: what is learnt from figures. Arrays in, values out; nothing read, nothing kept here."""
