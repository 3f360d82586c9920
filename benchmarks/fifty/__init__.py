"""Fifty rules over made-up customers, in our rule files and as each peer would write them."""
