import { expect, vi } from "vitest";
import manifest from "../../containers/box/image.json" with { type: "json" };
import { parseActivity, type Activity } from "../../src/core/activity.ts";
import { contractOptions } from "./image.ts";
import { testName } from "./ids.ts";
import { podman, podmanOk } from "./podman.ts";
import type { Ran } from "./rootless.ts";

const { programs } = manifest;

/** A box of an image, past the program under test, and what its activity probe says. */
export interface ProbedBox {
  readonly name: string;
  asRoot(...argv: string[]): Promise<Ran>;
  asDev(...argv: string[]): Promise<Ran>;
  /** Starts a command as dev that goes on; with an id as the program does it, without one as Podman alone. */
  start(script: string, id?: string): Promise<string>;
  /** One probe, which has to succeed in silence. */
  probe(): Promise<Activity>;
  /** Probes until a check passes, for 30 seconds. */
  until(check: (activity: Activity) => void): Promise<Activity>;
}

/** Ids that no other user of the machine has. */
export const USER_NAMESPACE = ["--uidmap=0:1879048192:65536", "--gidmap=0:1879048192:65536"];

export async function probedBox(image: string, ...options: string[]): Promise<ProbedBox> {
  const name = testName("act");
  await podmanOk(["run", "--detach", "--name", name, ...contractOptions(), ...options, image]);
  await podmanOk(["exec", name, programs.ready, "--wait", "30"]);
  const asRoot = (...argv: string[]): Promise<Ran> => podman(["exec", name, ...argv]);
  const asDev = (...argv: string[]): Promise<Ran> =>
    podman(["exec", "--user", "dev", name, programs.session, "--", ...argv]);
  const probe = async (): Promise<Activity> => {
    const { stdout, stderr, exitCode } = await asRoot(programs.activity);
    expect({ stderr, exitCode }).toEqual({ stderr: "", exitCode: 0 });
    const activity = parseActivity(stdout);
    if (activity === undefined) throw new Error(`no answer: ${stdout}`);
    expect(activity.unreadable.filter((line) => line.includes("understood"))).toEqual([]);
    return activity;
  };
  return {
    name,
    asRoot,
    asDev,
    probe,
    start: (script, id) => {
      const session = id === undefined ? [] : [programs.session, "--id", id, "--"];
      return podmanOk(["exec", "--detach", "--user", "dev", name, ...session, "sh", "-c", script]);
    },
    until: (check) =>
      vi.waitFor(
        async () => {
          const activity = await probe();
          check(activity);
          return activity;
        },
        { timeout: 30_000, interval: 200 },
      ),
  };
}
