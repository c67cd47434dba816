"""One decoded packet as a row of int64: what the decoding kernel fills and the flow table's kernel takes.

Addresses are the two halves of netad.core.addresses, bit for bit as int64. The fields mean what they mean in
netad.ingest.decode.Packet, with -1 for what is not there.
"""

P_TIME = 0  # ns since the epoch
P_SRC_HI = 1
P_SRC_LO = 2
P_DST_HI = 3
P_DST_LO = 4
P_PROTOCOL = 5
P_SRC_PORT = 6  # ICMP as Zeek logs it, netad.ingest.icmp_ports
P_DST_PORT = 7
P_ONE_WAY = 8  # 1 for ICMP messages that expect no answer: both directions are flows of their own
P_LENGTH = 9  # IP total length
P_PAYLOAD = 10  # transport payload
P_TTL = 11
P_VLAN = 12
P_TUNNEL = 13  # index into netad.ingest.flows.TUNNELS
P_FLAGS = 14  # TCP flags, -1 where none were captured
P_WINDOW = 15
P_SEQ = 16
P_ACK = 17
P_INPUT = 18  # index of the input the packet came from
P_FIELDS = 20
