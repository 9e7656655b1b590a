import { createServer, request } from "node:http";
import type { AddressInfo } from "node:net";
import { once } from "node:events";

/** Something between the program and a control plane's interface that spoils some of the calls. */
export interface Faulty extends AsyncDisposable {
  readonly url: string;
  /** Asked for each call; everything passes unless told. */
  fate: () => "pass" | "500" | "silence";
  /** How many calls were spoilt, and how many there were. */
  readonly seen: { spoilt: number; calls: number };
}

/** @param target base URL of the control plane */
export async function startFaulty(target: string): Promise<Faulty> {
  const { hostname, port } = new URL(target);
  const seen = { spoilt: 0, calls: 0 };
  const faulty = { seen, fate: (): "pass" | "500" | "silence" => "pass" };
  const server = createServer((asked, answer) => {
    seen.calls += 1;
    const fate = faulty.fate();
    if (fate !== "pass") seen.spoilt += 1;
    if (fate === "500") answer.writeHead(500).end('{"message":"out of order"}');
    if (fate !== "pass") return;
    const passed = request(
      { hostname, port, path: asked.url ?? "/", method: asked.method, headers: asked.headers },
      (from) => from.pipe(answer.writeHead(from.statusCode ?? 502, from.headers)),
    );
    passed.on("error", () => answer.destroy());
    asked.pipe(passed);
  });
  server.listen(0, "127.0.0.1");
  await once(server, "listening");
  return Object.assign(faulty, {
    url: `http://127.0.0.1:${String((server.address() as AddressInfo).port)}`,
    async [Symbol.asyncDispose]() {
      server.close();
      server.closeAllConnections();
      await once(server, "close");
    },
  });
}
