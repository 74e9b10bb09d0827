"""Jobs: what is to be analysed, by whom, how far it is, and what came out."""
