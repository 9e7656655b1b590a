import type { Forwarder } from "../../ports/forwarder.ts";
import { listen, showPage } from "./run.ts";

/** The loopback and the desktop of the machine that this process runs on. */
export function createForwarder(): Forwarder {
  const isMac = process.platform === "darwin";
  return {
    listen,
    hasDesktop: () => isMac || ["DISPLAY", "WAYLAND_DISPLAY"].some((name) => Boolean(process.env[name])),
    showPage: (url) => showPage(isMac ? "open" : "xdg-open", url),
  };
}
