"""Thirty features of shipments, answered by Kehu and by its peers."""
