"""What traffic says in words: DNS answers, TLS and HTTP greetings, alerts of other tools."""
