"""Events to syslog receivers: CEF or JSON in RFC 5424 messages, over UDP, TCP or TLS."""
