"""The ways out to people: one folder per kind of channel, each an `edge.dispatch.channel.Channel`."""
