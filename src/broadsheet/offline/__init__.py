"""Impressions replayed: the state of the reader as of each impression, and the scores of the stages."""
