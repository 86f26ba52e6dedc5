"""A camera that speaks RTSP, drawn by GStreamer. Run by the system's python3, which has its bindings; no package.

    python3 rtsp_server.py PORT [--user NAME --password WORD] [--codec h264|h265|jpeg|j2k|audio] [--path /live]
        [--size 640x360] [--fps 15]

It says "ready" on stdout, and then takes a word a line on stdin: `live` (moving, with noise), `freeze` (the same
picture for ever), `black`, `slow` (a picture every two seconds), `silent` (connected, nothing is sent). It ends with
its stdin. It answers at its path; anything else is not found.
"""

from __future__ import annotations

import argparse
import sys
import threading
import time

import gi

gi.require_version("Gst", "1.0")
gi.require_version("GstRtspServer", "1.0")
from gi.repository import GLib, Gst, GstRtsp, GstRtspServer  # noqa: E402 (after the versions)

CODECS = {
    # A keyframe a second and one quantiser: a picture that stands still is the same bit by bit after each keyframe.
    "h264": "x264enc tune=zerolatency speed-preset=ultrafast pass=quant quantizer=24 key-int-max={fps} threads=1"
    " ! rtph264pay name=pay0 pt=96 config-interval=-1",
    "h265": "x265enc tune=zerolatency speed-preset=ultrafast key-int-max={fps} ! rtph265pay name=pay0 pt=96",
    "jpeg": "jpegenc ! rtpjpegpay name=pay0 pt=26",
    "j2k": "openjpegenc ! rtpj2kpay name=pay0 pt=96",
}
VIDEO = (
    "videotestsrc name=scene is-live=true pattern=smpte ! video/x-raw,width={width},height={height},framerate={fps}/1"
    " ! identity name=gate ! videoconvert ! video/x-raw,format=I420 ! {codec}"
)
FROM = (  # the pictures of an MJPEG camera
    "souphttpsrc location={url} is-live=true do-timestamp=true ! multipartdemux ! image/jpeg ! jpegdec"
    " ! videorate ! video/x-raw,framerate={fps}/1 ! videoconvert ! video/x-raw,format=I420 ! {codec}"
)
AUDIO = "audiotestsrc is-live=true ! alawenc ! rtppcmapay name=pay0 pt=8"
PATTERNS = {"live": "smpte", "freeze": "smpte75", "black": "black"}  # only smpte has a patch of noise


class Camera(GstRtspServer.RTSPMediaFactory):
    """Makes the one scene that all clients share."""

    def __init__(self, codec: str, size: str, fps: int, url: str | None = None) -> None:
        super().__init__()
        self.set_shared(True)
        self.codec = codec
        self.fps = fps
        self.mode = "live"
        self.size = size.split("x")
        self.url = url
        self._scenes: list[Gst.Element] = []
        self._passed = 0.0

    def do_create_element(self, _url: object) -> Gst.Element:
        if self.codec == "audio":
            return Gst.parse_launch(f"( {AUDIO} )")
        codec = CODECS[self.codec].format(fps=self.fps)
        if self.url is not None:
            return Gst.parse_launch(f"( {FROM.format(url=self.url, fps=self.fps, codec=codec)} )")
        width, height = self.size
        made = Gst.parse_launch(f"( {VIDEO.format(width=width, height=height, fps=self.fps, codec=codec)} )")
        made.get_by_name("gate").get_static_pad("src").add_probe(Gst.PadProbeType.BUFFER, self._gate)
        self._scenes = [made.get_by_name("scene")]
        self._draw()
        return made

    def turn(self, mode: str) -> None:
        """Behave so from now on."""
        self.mode = mode
        self._draw()

    def _draw(self) -> None:
        for scene in self._scenes:
            scene.set_property("pattern", PATTERNS.get(self.mode, "smpte"))

    def _gate(self, _pad: object, _info: object) -> Gst.PadProbeReturn:
        now = time.monotonic()
        if self.mode == "silent" or (self.mode == "slow" and now - self._passed < 1.95):
            return Gst.PadProbeReturn.DROP
        self._passed = now
        return Gst.PadProbeReturn.OK


def main() -> None:
    parser = argparse.ArgumentParser()
    parser.add_argument("port")
    parser.add_argument("--user")
    parser.add_argument("--password", default="")
    parser.add_argument("--codec", choices=[*CODECS, "audio"], default="h264")
    parser.add_argument("--path", default="/live")
    parser.add_argument("--size", default="640x360")
    parser.add_argument(
        "--from", dest="url", help="MJPEG address whose pictures are sent instead of drawn ones"
    )
    parser.add_argument("--fps", type=int, default=15)
    chosen = parser.parse_args()
    Gst.init(None)
    server = GstRtspServer.RTSPServer()
    server.set_address("127.0.0.1")
    server.set_service(chosen.port)
    camera = Camera(chosen.codec, chosen.size, chosen.fps, chosen.url)
    if chosen.user:
        permissions = GstRtspServer.RTSPPermissions()
        for right in ("media.factory.access", "media.factory.construct"):
            permissions.add_permission_for_role("viewer", right, True)
        camera.set_permissions(permissions)
        auth = GstRtspServer.RTSPAuth()
        auth.set_supported_methods(GstRtsp.RTSPAuthMethod.DIGEST)
        token = GstRtspServer.RTSPToken()
        token.set_string("media.factory.role", "viewer")
        auth.add_digest(chosen.user, chosen.password, token)
        server.set_auth(auth)
    server.get_mount_points().add_factory(chosen.path, camera)
    if server.attach(None) == 0:
        sys.exit(f"port {chosen.port} is taken")
    loop = GLib.MainLoop()

    def listen() -> None:
        for line in sys.stdin:
            GLib.idle_add(camera.turn, line.strip())
        GLib.idle_add(loop.quit)

    threading.Thread(target=listen, daemon=True).start()
    sys.stdout.write("ready\n")
    sys.stdout.flush()
    loop.run()


if __name__ == "__main__":
    main()
