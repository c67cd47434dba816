"""Where everything is in the flow table's arrays, all of them int64 but for the ports.

A flow is one row. Its two ends are `a` and `b`, in the order of their key, whoever the originator is: a bit says that,
so that nothing has to move when the roles change. What belongs to one end lies in a block of its own.
"""

from typing import Final, NamedTuple

import numpy as np
from numpy.typing import NDArray

Int64 = NDArray[np.int64]


class Arrays(NamedTuple):
    """The flow table as kernels see it."""

    state: Int64  # S_FIELDS numbers of the table as a whole
    slots: Int64  # hash table: upper half of the hash, row + 1; 0 is free
    rows: Int64  # (n, R_FIELDS)
    past: Int64  # (n, PART_FIELDS): what was already written as slices, of the flows that were cut
    out: Int64  # (n, O_FIELDS): finished records that wait for Python
    agenda: Int64  # first row to look at in a second, by the second's lowest bits; the last place is for those due now
    oldest: Int64  # (n, 2): the rows that were silent for longest and their R_TOUCHED, the first to be evicted first
    ports: NDArray[np.uint8]  # by port: SERVES_TCP, SERVES_UDP, SERVES_DNS


# What `take` returns. All but TAKEN ask Python for relief and for the same packet once more.
TAKEN: Final = 0
OUTPUT_FULL: Final = 1
ROWS_FULL: Final = 2
PAST_FULL: Final = 3
OLDEST_UNKNOWN: Final = 4  # a flow has to be evicted, and `oldest` is used up
CLOCK_RESTARTED: Final = 5  # every flow ends: netad.ingest.packet_clock

SERVES_TCP: Final = 1
SERVES_UDP: Final = 2
SERVES_DNS: Final = 4

# state
S_NOW: Final = 0  # the clock, -1 before the first packet
S_BEHIND: Final = 1  # packets in a row that are too old for the clock
S_NEXT: Final = 2  # when the agenda has to be looked at, ns
S_AGENDA: Final = 3  # the second up to which the agenda is done
S_LIVE: Final = 4  # active flows
S_USED: Final = 5  # rows that were ever in use
S_FREE: Final = 6  # first of the rows that are free again, -1: none
S_PAST_USED: Final = 7
S_PAST_FREE: Final = 8
S_OUT: Final = 9  # records in `out`
S_TOUCHES: Final = 10  # packets taken: the order in which flows were active
S_OLDEST: Final = 11  # place in `oldest`
S_OLDEST_END: Final = 12
S_EVICTED: Final = 13
S_MAX_FLOWS: Final = 14
S_SEED: Final = 15  # of the hash, random, so that nobody can prepare flows that collide
S_WINDOW: Final = 16  # ns; 0: flows are not cut
S_LATENESS: Final = 17
S_TCP_INACTIVITY: Final = 18
S_TCP_ATTEMPT: Final = 19
S_TCP_CLOSE: Final = 20
S_TCP_LINGER: Final = 21
S_UDP_INACTIVITY: Final = 22
S_DNS_INACTIVITY: Final = 23
S_ICMP_INACTIVITY: Final = 24
S_OTHER_INACTIVITY: Final = 25
S_SOURCES: Final = 26  # netad.ingest.engine.compiled.sources
S_FIELDS: Final = 27

# A block of traffic: what one end sent in the part of the flow that is counted. First what is seldom used.
T_START: Final = 0  # time of the first packet here, or of the last one before if that is later
T_GAPS_HIGH: Final = 1  # sum of squared gaps, what is above the lower 62 bits
T_GAPS_LOW: Final = 2
T_LAST: Final = 3  # highest time so far: the gaps between packets add up to T_LAST - T_START
T_PACKETS: Final = 4
T_BYTES: Final = 5
T_PAYLOAD: Final = 6
T_LENGTHS: Final = 7  # shortest | longest << 32
T_SQUARES: Final = 8  # sum of squared lengths
T_BITS: Final = 9  # TTL min | max << 8 | TCP flags seen << 16 | (first window + 1) << 24
T_SYN_FIN: Final = 10  # packets with SYN | with FIN << 32
T_RST_PSH: Final = 11
T_ACK_URG: Final = 12
T_FIELDS: Final = 13

# A part of a flow: in a row from R_PART on, in `past` from 0 on
PART_LAST: Final = 0
PART_FIRST: Final = 1
PART_A: Final = 2
PART_B: Final = PART_A + T_FIELDS
PART_FIELDS: Final = PART_B + T_FIELDS

# A TCP endpoint, netad.ingest.tcp_state.Endpoint. The seldom used fields of both ends follow the others of both.
E_STATE: Final = 0  # state | state before << 3 | marks
E_FIRST: Final = 1
E_SENT: Final = 2
E_ACKED: Final = 3
E_FIELDS: Final = 4  # from one end's to the other's
E_SYN_AT: Final = 8  # where the letters S or H, F and R were last seen
E_FIN_AT: Final = 9
E_RST_AT: Final = 10
E_REPEATS: Final = 11  # zero windows | payloads sent again << 32

# A row. Its size is a multiple of a cache line's 8 numbers, its order what lets a packet touch few of those lines: the
# first, two of a block of traffic, and that of the endpoints.
CACHE_LINE: Final = 8
R_A_LO: Final = 0
R_B_LO: Final = 1
R_KEY: Final = 2  # LONG_ENDS | port of a << 25 | port of b << 9 | protocol << 1 | one way
R_BITS: Final = 3
R_DEADLINE: Final = 4  # when the flow ends if nothing more comes
R_WAKE: Final = 5  # when to look at the flow, a whole second, in ns
R_TOUCHED: Final = 6  # S_TOUCHES of its last packet, 0: the row is free
R_PART: Final = 7  # PART_FIELDS of the open part
R_WINDOW: Final = R_PART + PART_FIELDS  # when the open part's window began
R_HISTORY: Final = R_WINDOW + 1  # 24 letters in three fields, the first in the lowest byte
R_ORIGIN: Final = R_HISTORY + 3  # VLAN | tunnel << 16 | input << 32
R_ENDPOINTS: Final = 40
R_A_HI: Final = R_ENDPOINTS + 16
R_B_HI: Final = R_A_HI + 1
R_LIMIT: Final = R_B_HI + 1  # when a TCP attempt or a closed connection ends
R_PREVIOUS: Final = R_LIMIT + 1  # in the agenda: a row, or -2 - (place in the agenda)
R_NEXT: Final = R_PREVIOUS + 1  # in the agenda or among the free rows, -1: none
R_PAST: Final = R_NEXT + 1  # row in `past`, -1: never cut
R_FIELDS: Final = 64

# R_KEY: the upper halves of the addresses are not both 0, so they are a part of the key
LONG_ENDS: Final = 1 << 41

# R_BITS
ORIGINATOR_IS_B: Final = 1
OPEN: Final = 2  # there is an open part
HEARD_A: Final = 4  # UDP
HEARD_B: Final = 8
SHORT_LIVED: Final = 16  # UDP to a DNS port
ATTEMPT_LIMIT: Final = 32  # what R_LIMIT means
CLOSE_LIMIT: Final = 64
GREETS: Final = 128  # the originator's payload began as netad.ingest.engine.notes wants it
LETTERS: Final = 8  # the number of letters in the history, from this bit on

# A finished record: originator first
O_ORIG_HI: Final = 0
O_ORIG_LO: Final = 1
O_RESP_HI: Final = 2
O_RESP_LO: Final = 3
O_PORTS: Final = 4  # originator << 16 | responder
O_KIND: Final = 5  # protocol | conn_state << 8 | part << 16
O_ORIGIN: Final = 6
O_HISTORY: Final = 7
O_OPENED: Final = 10  # the first time of the whole flow so far
O_FIRST: Final = 11  # PART_FIELDS, the originator's block first
O_FIELDS: Final = O_FIRST + PART_FIELDS
