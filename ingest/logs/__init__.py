"""Logs of other tools as inputs: Zeek, Suricata, Argus, nfdump."""
