"""Analytics core of Siyu Cockpit: facts in, figures out. Never imports the dashboard."""
