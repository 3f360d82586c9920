"""The page with which people ask queries in a browser; works without internet once installed."""
