"""How Runledger is run: a container, its proxy, a systemd unit."""
