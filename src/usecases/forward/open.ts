import { hasCode } from "../../core/errors.ts";
import { IMAGE } from "../../core/image-contract.ts";
import { throwUnlessReady } from "./editor.ts";
import { forward, type ForwardDeps, type Forwards, runningBox } from "./forward.ts";

export interface OpenInput {
  readonly name: string;
  /** The local port; undefined for code-server's own, or the next one that is free. */
  readonly port: number | undefined;
  /** Show no browser. */
  readonly print: boolean;
  /** Called once, when it is listened on. */
  readonly onListening: (forwards: Forwards) => void;
}

/** Where code-server listens in every box. */
const [PORT = 0] = IMAGE.services["code-server"].ports;

/** How many ports above code-server's own are tried, so that a few boxes can be open at once and keep their address. */
const TRIED = 10;

/**
 * Opens a box's code-server in the browser, and carries its connections until the user ends it.
 * @throws {DevboxError} WRONG_STATE and NOT_READY when there is no code-server to open, and as {@link forward}
 */
export async function open(deps: ForwardDeps, input: OpenInput): Promise<void> {
  const box = await runningBox(deps, input.name);
  if (!(await throwUnlessReady(deps, box))) return;
  const listening = (forwards: Forwards) => {
    input.onListening(forwards);
    if (!input.print && deps.forwarder.hasDesktop()) void show(deps, forwards);
  };
  const through = (local: number) =>
    forward(deps, { name: box.name, ports: [{ local, remote: PORT }], by: "open", onListening: listening });
  if (input.port !== undefined) {
    await through(input.port);
    return;
  }
  for (let local = PORT; local < PORT + TRIED; local++) {
    try {
      await through(local);
      return;
    } catch (error) {
      if (!hasCode(error, "PORT_TAKEN")) throw error;
    }
  }
  await through(0);
}

async function show(deps: ForwardDeps, { ports }: Forwards): Promise<void> {
  for (const { local } of ports) {
    if (await deps.forwarder.showPage(localUrl(local))) continue;
    deps.progress.remark("no browser could be started here; open the address yourself");
  }
}

/** The address of a port that is listened on. */
export function localUrl(port: number): string {
  return `http://127.0.0.1:${port}`;
}
