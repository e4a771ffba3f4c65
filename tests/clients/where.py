"""Tells rocketchat_API where the server is; its tests always take its default."""

import os

from rocketchat_API.APISections.base import RocketChatBase

begin = RocketChatBase.__init__


def at_the_url(self, *args, **kwargs):
    kwargs.setdefault("server_url", os.environ["ROCKETCHAT_URL"])
    begin(self, *args, **kwargs)


RocketChatBase.__init__ = at_the_url
