"""What one load balancer should consist of, part by part; ``express`` tells them in order."""
