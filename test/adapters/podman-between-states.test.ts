import { chmodSync, existsSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from "node:fs";
import { tmpdir } from "node:os";
import path from "node:path";
import { afterEach, beforeEach, describe, expect, it } from "vitest";
import { createPodmanEngine } from "../../src/adapters/podman/engine.ts";

// A podman that has one container in a state, and refuses as Podman does what cannot be done in it. The real one is left
// as "stopping" only by killing it, which may take the storage of everybody with it.

const ID = "a".repeat(64);
const IMPROPER = "container state improper";

let folder: string;
beforeEach(() => {
  folder = mkdtempSync(path.join(tmpdir(), "dbxtest-states-"));
});
afterEach(() => {
  rmSync(folder, { recursive: true, force: true });
});

/** Its container is in that state; `stop` ends one that is not paused. */
function podmanWith(state: string) {
  const [states, calls] = [path.join(folder, "state"), path.join(folder, "calls")];
  writeFileSync(states, state);
  const file = path.join(folder, "podman");
  const script = `#!/bin/sh
is=$(cat ${states})
while [ "\${1#--}" != "$1" ]; do shift; [ -d "$1" ] && shift; done
echo "$1" >>${calls}
case $1:$is in
  inspect:*) echo "[{\\"Id\\":\\"${ID}\\",\\"State\\":{\\"Status\\":\\"$is\\"}}]" ;;
  start:exited | unpause:paused) echo running >${states} ;;
  stop:paused | start:*) echo "Error: ${IMPROPER}" >&2; exit 125 ;;
  stop:removing) echo "Error: ${IMPROPER}" >&2; exit 125 ;;
  stop:*) echo exited >${states} ;;
  *) exit 125 ;;
esac
`;
  writeFileSync(file, script);
  chmodSync(file, 0o755);
  const settings = { namespace: "dbxtest", runtime: null, hook: { dir: folder, program: "/bin/true", blocked: [] } };
  const engine = createPodmanEngine({ path: file, timeout: 10_000 }, settings);
  const now = () => readFileSync(states, "utf8").trim();
  return { engine, now, calls: () => (existsSync(calls) ? readFileSync(calls, "utf8").trim().split("\n") : []) };
}

describe("a container that Podman neither runs nor has stopped", () => {
  it.each([
    ["exited", ["start"]],
    ["paused", ["start", "inspect", "unpause"]],
    ["stopping", ["start", "inspect", "stop", "start"]],
  ])("%s: is started all the same [FR-025]", async (state, calls) => {
    const podman = podmanWith(state);
    await podman.engine.startBox(ID, "token");
    expect([podman.now(), podman.calls()]).toEqual(["running", calls]);
  });

  it.each([
    ["running", ["stop"]],
    ["stopping", ["stop"]],
    ["paused", ["stop", "inspect", "unpause", "stop"]],
  ])("%s: is stopped all the same [FR-025]", async (state, calls) => {
    const podman = podmanWith(state);
    await podman.engine.stopBox(ID, 0, "token");
    expect([podman.now(), podman.calls()]).toEqual(["exited", calls]);
  });

  it("being removed: is left to that, and Podman's own words are told", async () => {
    const podman = podmanWith("removing");
    const failure = { code: "ENGINE_FAILED", why: expect.stringContaining(IMPROPER) as unknown };
    await expect(podman.engine.startBox(ID, "token")).rejects.toMatchObject(failure);
    await expect(podman.engine.stopBox(ID, 0, "token")).rejects.toMatchObject(failure);
    expect(podman.now()).toBe("removing");
  });
});
