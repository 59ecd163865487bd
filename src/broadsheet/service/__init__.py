"""The live service: a newsroom's pages over HTTP, for sites, readers, editors and operators."""
