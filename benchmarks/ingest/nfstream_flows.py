"""NFStream's flows with their statistics, without application detection, to CSV. A program of its own."""

import sys

from nfstream import NFStreamer  # type: ignore[import-not-found]


def main() -> None:
    """Read the capture argv[1] and write its flows to argv[2]."""
    streamer = NFStreamer(
        source=sys.argv[1], statistical_analysis=True, n_dissections=0, idle_timeout=60, active_timeout=1800
    )
    print(f"{streamer.to_csv(path=sys.argv[2])} flows")


if __name__ == "__main__":
    main()
