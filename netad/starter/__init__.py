"""What `netad init` writes for a beginning: settings of a scan, rules, and what starts it by a schedule."""
