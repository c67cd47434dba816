"""What is known of hosts beside their traffic, written into events before they ship; and what is hidden of them."""
