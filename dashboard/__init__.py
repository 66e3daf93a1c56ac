"""What people see: pages, the frame around them, and the web server that lets them in."""
