import process from "node:process";
import { setTimeout } from "node:timers/promises";
import { isRunAlive, runPrefix, runPrefixIn } from "./ids.ts";
import { runClean, type Ran, type RootlessUser, type RunOptions } from "./rootless.ts";

/** The environment in which tests run commands as the current user: short, and with what Podman needs on this machine. */
export function benchEnv(): Record<string, string> {
  const kept = ["PATH", "HOME", "CONTAINERS_CONF", "XDG_RUNTIME_DIR", "DBUS_SESSION_BUS_ADDRESS", "USER"];
  const env: Record<string, string> = { LANG: "C.UTF-8" };
  for (const name of kept) {
    const value = process.env[name];
    if (value !== undefined && value !== "") env[name] = value;
  }
  return env;
}

/** Runs Podman itself, past the program under test, as this user or as a rootless one. Never throws. */
export function podman(
  args: readonly string[],
  { user, ...options }: RunOptions & { readonly user?: RootlessUser | undefined } = {},
): Promise<Ran> {
  const argv = ["podman", ...args];
  return user === undefined ? runClean(argv, { ...benchEnv(), ...options.env }, options) : user.run(argv, options);
}

/** As {@link podman}, but its failure is the test's. */
export async function podmanOk(
  args: readonly string[],
  options: RunOptions & { readonly user?: RootlessUser | undefined } = {},
): Promise<string> {
  let { stdout, stderr, exitCode } = await podman(args, options);
  // Podman's own clean-up of a container with ids of its own, and its removal, meet now and then: the removal has
  // happened then, or happens at the second try.
  if (args[0] === "rm" && exitCode !== 0 && stderr.includes("device or resource busy")) {
    await setTimeout(500);
    ({ stdout, stderr, exitCode } = await podman(["rm", "--ignore", ...args.slice(1)], options));
  }
  if (exitCode !== 0) throw new Error(`podman ${args.join(" ")}: exit ${String(exitCode)}: ${stderr}`);
  return stdout;
}

/** The kinds of objects tests leave, in an order in which they can be removed. */
const KINDS = [
  {
    list: ["ps", "--all", "--no-trunc", "--format", "{{.ID}}\t{{.Names}} {{.Labels}}"],
    remove: ["rm", "--force", "--time", "0"],
  },
  { list: ["volume", "ls", "--format", "{{.Name}}\t{{.Name}} {{.Labels}}"], remove: ["volume", "rm", "--force"] },
  { list: ["network", "ls", "--format", "{{.Name}}\t{{.Name}} {{.Labels}}"], remove: ["network", "rm", "--force"] },
  { list: ["images", "--format", "{{.Repository}}:{{.Tag}}\t{{.Repository}}"], remove: ["rmi", "--force"] },
] as const;

async function remove(isOurs: (prefix: string) => boolean, user: RootlessUser | undefined): Promise<string[]> {
  const removed: string[] = [];
  for (const { list, remove: command } of KINDS) {
    const listed = async () => (await podmanOk(list, { user })).split("\n").map((line) => line.split("\t"));
    for (const [id = "", marks = ""] of await listed()) {
      const prefix = runPrefixIn(marks);
      if (id === "" || prefix === undefined || !isOurs(prefix)) continue;
      await podmanOk([...command, id], { user }).catch(async (error: unknown) => {
        // Two runs that start at once find the same leftovers, and the other one was faster.
        if ((await listed()).some(([there]) => there === id)) throw error;
      });
      removed.push(id);
    }
  }
  return removed;
}

/** Removes what a run made: every container, volume, network and image whose name or labels carry its prefix. */
export const removeTestObjects = (prefix = runPrefix(), user?: RootlessUser): Promise<string[]> =>
  remove((found) => found.startsWith(prefix), user);

/** Removes what runs left behind that are no longer alive; other runs on this machine keep theirs. */
export const removeLeftovers = (user?: RootlessUser): Promise<string[]> => remove((found) => !isRunAlive(found), user);
