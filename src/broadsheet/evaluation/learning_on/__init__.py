"""Learning on day by day against training anew each day: the measurement and its report."""
