"""ROS domains for tests: no two tests on this machine use the same domain at the same time."""

import itertools
import socket
from contextlib import contextmanager

# Not 0, which robots use by default; from 90 on the demo chooses. Above 101 lie the ports that Linux gives to others.
_DOMAINS = itertools.cycle(range(1, 90))


@contextmanager
def free_domain():
    """Yield the number of a domain that no other test of this machine uses until the block ends.

    The reservation is a bound socket without a file. The system removes it when the process ends, whatever happens, and
    separates networks (``unshare -n``) as it separates the domains in them.
    """
    for domain in itertools.islice(_DOMAINS, 89):
        with socket.socket(socket.AF_UNIX) as reservation:
            try:
                reservation.bind(f"\0infonet_ros test of ROS domain {domain}")
            except OSError:  # another test has it
                continue
            yield domain
            return
    raise RuntimeError("all ROS domains from 1 to 89 are used by other tests: wait until they end.")
