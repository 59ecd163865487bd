"""EB-NeRD, the data set of the Danish newspaper Ekstra Bladet: the files of its folder, and the import of a split."""
