import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, expect, it } from "vitest";
import { testName } from "../../support/ids.ts";
import { podman, podmanOk, removeTestObjects } from "../../support/podman.ts";
import { removeRootlessUser, rootlessUser, type RootlessUser } from "../../support/rootless.ts";

let user: RootlessUser;

beforeAll(async () => {
  user = await rootlessUser();
});

afterAll(() => removeRootlessUser());

it("is an ordinary user with nothing of the tests' own environment", async () => {
  const { stdout } = await user.run(["sh", "-c", "id -u; pwd; env | grep -c DEVBOX; grep CapEff /proc/self/status"]);
  expect(stdout.split(/\s+/)).toEqual([String(user.uid), user.home, "0", "CapEff:", "0000000000000000"]);
});

it("runs a container of its own, with a network, and maps its root away", async () => {
  const image = `localhost/${testName("image")}`;
  const importing =
    'd=$(mktemp -d) && mkdir "$d/etc" && cp /usr/libexec/podman/catatonit "$d/init" && tar -cC "$d" . | podman import - "$0"';
  expect(await user.run(["sh", "-c", importing, image])).toMatchObject({ exitCode: 0 });
  const name = testName();
  const mapping = ["--uidmap", "0:1:65536", "--gidmap", "0:1:65536"];
  await podmanOk(["run", "-d", "--name", name, ...mapping, image, "/init", "-P"], { user });
  expect(await podmanOk(["inspect", "--format", "{{.State.Status}}", name], { user })).toBe("running");
  const facts = await podmanOk(["info", "--format", "{{.Host.Security.Rootless}} {{.Store.GraphDriverName}}"], {
    user,
  });
  expect(facts).toMatch(/^true (overlay|vfs)$/);
  const pid = await podmanOk(["inspect", "--format", "{{.State.Pid}}", name], { user });
  const status = await readFile(`/proc/${pid}/status`, "utf8");
  // Its root is the first id of the mapping, a subordinate one, and so not the user on the host.
  expect(Number(/^Uid:\s+(\d+)/m.exec(status)?.[1])).toBeGreaterThanOrEqual(100_000);
  expect(await podman(["container", "exists", name])).toMatchObject({ exitCode: 1 });
  expect(await removeTestObjects(undefined, user)).toHaveLength(2);
});
