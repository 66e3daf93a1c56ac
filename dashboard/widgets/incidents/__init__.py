"""Parts of the page of incidents."""
