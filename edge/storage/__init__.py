"""What the hub knows of the disk it writes on and of its stores: room, wear, stalls, and stores begun anew."""
