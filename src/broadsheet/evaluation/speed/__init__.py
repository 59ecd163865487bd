"""How fast Broadsheet encodes, scores and trains, beside other libraries that do the same work."""
