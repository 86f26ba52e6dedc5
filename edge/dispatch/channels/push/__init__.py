"""Everything that Apprise speaks (WeCom, DingTalk, Feishu, e-mail, ntfy, webhooks), in a child process."""

from edge.dispatch.channels.push.channel import PushChannel as PushChannel
