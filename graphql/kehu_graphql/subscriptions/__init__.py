"""What the server tells without being asked again: over WebSockets, from the store, in the order of publications."""
