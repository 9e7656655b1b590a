import { mkdir, writeFile } from "node:fs/promises";
import path from "node:path";
import process from "node:process";
import { fileURLToPath } from "node:url";
import { createArguments } from "../../../src/adapters/podman/arguments.ts";
import { IMAGE } from "../../../src/core/image-contract.ts";
import { labelsOf, objectNames } from "../../../src/core/labels.ts";
import type { BoxSpec } from "../../../src/core/spec.ts";
import { mappingAt } from "../../../src/core/id-mapping.ts";
import { SPEC_VERSION } from "../../../src/core/spec-text.ts";
import { create } from "../../../src/usecases/create.ts";
import type { Deps } from "../../../src/usecases/deps.ts";
import { engineFacts, unenforcedBy } from "../../../src/usecases/engine-facts.ts";
import { testCli, type TestCli } from "../../../test/support/cli.ts";
import { testName } from "../../../test/support/ids.ts";
import { testImage } from "../../../test/support/image.ts";
import { benchEnv, podmanOk } from "../../../test/support/podman.ts";
import { realDeps } from "./bed.ts";
import type { Program } from "./measure.ts";

/** Seconds; what the program itself gives a box to become ready and to end. */
const READY_LIMIT = "60";
const STOP_GRACE = String(IMAGE.stopTimeoutSeconds);

/** A box made past the program, by the same calls of Podman. */
interface RawBox {
  readonly create: Program;
  readonly destroy: Program;
}

/** The program with a state of its own, and what it is compared with. */
export interface BoxesBed {
  readonly cli: TestCli;
  readonly deps: Deps;
  readonly image: string;
  /** The program with some arguments. */
  ours(...args: string[]): Program;
  /** Raw calls of Podman, one after the other in one shell, as a script would have them. */
  raw(...calls: (readonly string[])[]): Program;
  rawBox(): Promise<RawBox>;
  /** Raw calls that stop a container, and start it and wait for the box to answer. */
  rawRestart(containerId: string): Program;
}

/** Limits high enough that nothing but the figures is in the way. */
function roomyConfig(namespace: string, image: string): Record<string, unknown> {
  const limits = { perUser: 500, global: 500, cpus: 1, memory: "256MiB", reserve: { memory: "256MiB", disk: "1GiB" } };
  return { engine: { namespace }, image, limits };
}

const quoted = (word: string): string => `'${word.replaceAll("'", `'\\''`)}'`;

export async function boxesBed(): Promise<BoxesBed> {
  const image = await testImage();
  const namespace = testName("ns");
  const config = roomyConfig(namespace, image);
  const cli = await testCli({ config });
  const deps = realDeps({ stateDir: cli.stateDir, config });
  const facts = await engineFacts(deps);
  const unenforced = unenforcedBy(facts);
  const ready = (container: string): string[] => ["exec", container, IMAGE.programs.ready, "--wait", READY_LIMIT];

  const raw: BoxesBed["raw"] = (...calls) => {
    const script = calls.map((call) => ["podman", ...call].map(quoted).join(" ")).join("\n");
    return { argv: ["sh", "-ec", script], env: benchEnv() };
  };

  return {
    cli,
    deps,
    image,
    raw,
    ours: (...args) => ({ argv: [...cli.argv, ...args], env: cli.env, cwd: cli.home }),
    async rawBox() {
      const other = testName("raw");
      const id = deps.host.newId(8);
      const names = objectNames(other, "box", id);
      const { pids } = deps.config.limits;
      const memory = deps.config.limits.memory;
      const spec: BoxSpec = {
        ...{ version: SPEC_VERSION, image, cpus: 1, memory, pids, home: names.home, private: names.private },
        ...{ idmap: mappingAt(0, facts.rootless), services: [], readOnly: false },
      };
      const box = { id, name: "box", owner: deps.caller.user, createdAt: deps.clock.now(), spec };
      const labels = (kind: "box" | "home" | "private"): Record<string, string> => labelsOf(other, kind, box);
      const volume = (name: string, kind: "home" | "private"): string[] => [
        ...["volume", "create"],
        ...Object.entries(labels(kind)).flatMap(([key, value]) => ["--label", `${key}=${value}`]),
        name,
      ];
      const network = facts.boxNetwork ?? "slirp4netns";
      const engine = { unenforced, network, token: id };
      const container = { name: names.container, hostname: "box", spec, labels: labels("box"), ...engine };
      return Promise.resolve({
        create: raw(
          volume(names.private, "private"),
          volume(names.home, "home"),
          createArguments(container, { runtime: null, start: true }),
          ready(names.container),
        ),
        destroy: raw(
          ["rm", "--force", "--time", STOP_GRACE, names.container],
          ["volume", "rm", names.private, names.home],
        ),
      });
    },
    rawRestart: (id) => raw(["stop", "--time", STOP_GRACE, id], ["start", id], ready(id)),
  };
}

/** Makes boxes by the use case, without the program around it: faster, and the same boxes. */
export async function fill(bed: BoxesBed, upTo: number, start: boolean, interrupt: AbortSignal): Promise<void> {
  for (let i = bed.deps.ledger.boxes().length; i < upTo; i++) {
    interrupt.throwIfAborted();
    const unset = { cpus: undefined, memory: undefined, image: undefined, volume: undefined, readOnly: undefined };
    const rest = { ...unset, syncthing: false };
    await create(bed.deps, { name: `box-${String(i + 1).padStart(3, "0")}`, ...rest, start, additional: true });
  }
}

/** A folder that devcontainers/cli brings up on the same image, and how to take it away again. */
export interface Devcontainer {
  readonly up: Program;
  readonly exec: Program;
  readonly remove: () => Promise<void>;
}

export async function devcontainer(bed: BoxesBed): Promise<Devcontainer> {
  const folder = path.join(bed.cli.home, "devcontainer");
  await mkdir(path.join(folder, ".devcontainer"), { recursive: true });
  const file = path.join(folder, ".devcontainer/devcontainer.json");
  await writeFile(file, JSON.stringify({ image: bed.image }));
  const label = `devbox-ctl.bench=${testName("devcontainer")}`;
  const script = path.join(
    path.dirname(fileURLToPath(import.meta.resolve("@devcontainers/cli/package.json"))),
    "devcontainer.js",
  );
  const common = ["--docker-path", "podman", "--workspace-folder", folder, "--id-label", label];
  const program = (verb: string, ...args: string[]): Program => ({
    argv: [process.execPath, script, verb, ...common, ...args],
    env: bed.cli.env,
    cwd: folder,
  });
  return {
    up: program("up"),
    exec: program("exec", "true"),
    remove: async () => {
      await podmanOk(["rm", "--force", "--time", "0", "--filter", `label=${label}`]);
    },
  };
}
