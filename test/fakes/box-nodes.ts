import { DevboxError } from "../../src/core/errors.ts";
import type { TailnetDevice } from "../../src/core/tailnet.ts";
import type { ProgramResult, ProgramRun } from "../../src/ports/engine.ts";
import type { World } from "./world.ts";

/** A node in a box, which lives on the box's private volume and so outlives its container. */
interface Node {
  state: "NeedsLogin" | "Running" | "Starting";
  id: string;
  nodeKey: string;
}

/** A key that the control plane of a world admits devices with. */
export interface AdmittingKey {
  readonly tags: readonly string[];
  readonly works: boolean;
}

const key = (n: number): string => `nodekey:${n.toString(16).padStart(64, "0")}`;
const done = (stdout: string): ProgramResult => ({ exitCode: 0, stdout, stderr: "" });
const failed = (exitCode: number, stderr: string): ProgramResult => ({ exitCode, stdout: "", stderr });

/** The program `tailnet` of all boxes of a world, joined to its control plane in memory. */
export class BoxNodes {
  readonly keys = new Map<string, AdmittingKey>();
  readonly nodes = new Map<string, Node>();
  /** The verbs that were called, with what was handed over on standard input. */
  readonly calls: { readonly verb: string; readonly input: string | undefined; readonly argv: readonly string[] }[] =
    [];
  /** What is answered instead; undefined lets the program do its work. */
  instead: (verb: string) => ProgramResult | undefined = () => undefined;
  #next = 1;
  readonly #world: World;

  constructor(world: World) {
    this.#world = world;
    world.engine.program = (run, containerId) => this.#run(run, containerId);
    world.engine.services = ["tailscaled"];
  }

  #run({ argv, input }: ProgramRun, containerId: string): ProgramResult {
    const [program = "", verb = "", ...args] = argv;
    if (!program.endsWith("/tailnet")) return done("");
    this.calls.push({ verb, input, argv });
    const instead = this.instead(verb);
    if (instead) return instead;
    const volume = this.#world.engine.containers.get(containerId)?.mounts[1] ?? "";
    const node = this.nodes.get(volume) ?? { state: "NeedsLogin", id: "", nodeKey: "" };
    this.nodes.set(volume, node);
    const hostname = args[args.indexOf("--hostname") + 1] ?? "";
    switch (verb) {
      case "status":
        return done(this.#told(node));
      case "login":
        return node.state === "NeedsLogin" ? this.#register(node, hostname, input) : failed(6, "registered already");
      case "renew":
        return this.#register(node, hostname, input);
      case "try":
        return this.#register({ state: "NeedsLogin", id: "", nodeKey: "" }, hostname, input);
      case "logout":
        this.#world.tailnet.known.delete(node.id);
        Object.assign(node, { state: "NeedsLogin", id: "", nodeKey: "" });
        return done("");
      case "forget":
        Object.assign(node, { state: "NeedsLogin", id: "", nodeKey: "" });
        return done("");
      default:
        return failed(2, "usage");
    }
  }

  #register(node: Node, hostname: string, input: string | undefined): ProgramResult {
    const admitting = this.keys.get((input ?? "").trim());
    if (admitting?.works !== true) return failed(5, "tailnet: the control server refuses: authkey expired");
    const number = this.#next;
    this.#next += 1;
    const id = node.id === "" ? `n${String(number)}` : node.id;
    Object.assign(node, { state: "Running", id, nodeKey: key(number) });
    const devices = this.#world.tailnet.known;
    const taken = [...devices.values()].some((device) => device.name === hostname && device.nodeId !== id);
    const device: TailnetDevice = {
      nodeId: id,
      nodeKey: node.nodeKey,
      hostname,
      name: taken ? `${hostname}-1` : hostname,
      addresses: [`100.64.0.${String(number)}`],
      tags: [...admitting.tags].sort(),
      online: true,
      createdAt: undefined,
    };
    devices.set(id, device);
    return done(this.#told(node));
  }

  #told({ state, id, nodeKey }: Node): string {
    const device = this.#world.tailnet.known.get(id);
    return JSON.stringify({
      ...{ state, id, nodeKey, hostname: device?.hostname ?? "", online: state === "Running" },
      ...{ dnsName: device === undefined ? "" : `${device.name}.example.net`, tags: device?.tags ?? [] },
      addresses: device?.addresses ?? [],
    });
  }
}

/** @throws what a control plane that does not answer makes of any call */
export function unreachable(): never {
  throw new DevboxError("TAILNET_UNREACHABLE", "headscale does not answer.");
}
