"""Names of the services behind connections: the server name that TLS or HTTP gave in them."""

from collections.abc import Collection

import numpy as np
from numpy.typing import NDArray

from netad.core.carried import State, array_of, texts_array
from netad.detectors.behaviour.sight import Int64, Sight, keyed
from netad.ingest.facts.batch import FactKind
from netad.ingest.flows import Column

NO_NAME = -1
# Services that the software of ordinary machines calls at even intervals: connectivity checks, updates, virus
# definitions, push messages, telemetry. A name is what the caller says it is: these count less, they are not left out.
POLLED_BY_DESIGN = (
    "adobe.com", "amazonalexa.com", "apple.com", "avast.com", "avcdn.net", "avg.com", "avira.com", "bitdefender.com",
    "canonical.com", "debian.org", "dropbox.com", "eset.com", "fedoraproject.org", "firefox.com", "gnome.org",
    "google.com", "googleapis.com", "gstatic.com", "gvt1.com", "gvt2.com", "icloud.com", "kaspersky.com", "live.com",
    "mcafee.com", "meethue.com", "microsoft.com", "mozilla.com", "mozilla.net", "mozilla.org", "msftconnecttest.com",
    "msftncsi.com", "netflix.com", "norton.com", "ntp.org", "office.com", "office365.com", "office.net", "opensuse.org",
    "pusher.com", "pusherapp.com", "samsung.com", "skype.com", "slack.com", "snapcraft.io", "sonos.com", "sophos.com",
    "sophosxl.net", "spotify.com", "steampowered.com", "symantec.com", "teamviewer.com", "trendmicro.com", "tuyaus.com",
    "ubuntu.com", "webex.com", "whatsapp.net", "windows.com", "windows.net", "windowsupdate.com", "xboxlive.com",
    "zoom.us",
)  # fmt: skip
# Services that measure how fast the line is, which takes as much upload as it bears.
SPEED_TESTS = ("fast.com", "measurement-lab.org", "nperf.com", "ooklaserver.net", "speedtest.net")
_TOLD = ((FactKind.HTTP, "host"), (FactKind.TLS, "server_name"))


def any_suffix(name: str, domains: Collection[str]) -> bool:
    """Tell whether a name is one of the domains or below one."""
    parts = name.split(".")
    return any(".".join(parts[start:]) in domains for start in range(len(parts)))


class Names:
    """A bounded table of names, each with a number; the same name has the same number throughout a run."""

    def __init__(self, most: int = 200_000) -> None:
        """Begin empty; what comes after `most` names has none."""
        self._most = most
        self._numbers: dict[str, int] = {}
        self._texts: list[str] = []

    def number(self, text: str) -> int:
        """Return the number of a name, `NO_NAME` for an empty one or when the table is full."""
        known = self._numbers.get(text)
        if known is not None:
            return known
        if not text or len(self._texts) >= self._most:
            return NO_NAME
        self._numbers[text] = len(self._texts)
        self._texts.append(text)
        return self._numbers[text]

    def text(self, number: int) -> str:
        """Return the name with a number, "" for `NO_NAME`."""
        return self._texts[number] if number >= 0 else ""

    def carry(self) -> State:
        """Return the names by their numbers (netad.core.carried)."""
        return {"texts": texts_array(self._texts)}

    def resume(self, state: State) -> None:
        """Go on from what `carry` returned (netad.core.carried)."""
        self._texts = array_of(state, "texts", object).tolist()
        self._numbers = {text: number for number, text in enumerate(self._texts)}

    def of_slices(self, sight: Sight, chosen: Int64) -> NDArray[np.int32]:
        """Return the number of the name that was given in each chosen slice, shape of `chosen`."""
        result = np.full(len(chosen), NO_NAME, dtype=np.int32)
        for kind, column in _TOLD:
            told = sight.fact(kind)
            if told is None or column not in told[1]:
                continue
            rows, facts = told
            numbers = self._column(facts[column])
            keys = keyed(rows.astype(np.int64), *(facts[name] for name in _ENDS))
            order = np.argsort(keys, kind="stable")
            wanted = keyed(sight.row[chosen], *(sight[name][chosen] for name in _ENDS))
            place = np.minimum(np.searchsorted(keys[order], wanted), len(keys) - 1)
            found = keys[order][place] == wanted
            result[found] = numbers[order][place[found]]
        return result

    def _column(self, texts: Column) -> NDArray[np.int32]:
        return np.array([self.number(text) for text in texts.tolist()], dtype=np.int32)


_ENDS = ("resp_hi", "resp_lo", "orig_port", "resp_port")
