import { type Forwards } from "../../usecases/forward/forward.ts";
import { localUrl } from "../../usecases/forward/open.ts";
import type { Style } from "../style.ts";

/** What is listened on, one line a port; for a person. */
export function presentForwards(style: Style, { box, ports }: Forwards): string {
  return ports.map(({ local, remote }) => `${style.strong(localUrl(local))} → ${box}:${remote}`).join("\n");
}

/** `port-forward --json` and `open --json`; the schema is docs/json/port-forward.schema.json. */
export function forwardsJson({ box, ports }: Forwards) {
  return {
    box,
    forwards: ports.map(({ local, remote }) => ({
      address: "127.0.0.1",
      localPort: local,
      port: remote,
      url: localUrl(local),
    })),
  };
}
