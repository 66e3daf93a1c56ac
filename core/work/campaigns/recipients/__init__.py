"""Who of an audience gets a campaign, why the others do not, and the rows that are written for them."""
