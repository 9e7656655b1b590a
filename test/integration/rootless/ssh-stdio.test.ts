import { afterAll, beforeAll, expect, it, vi } from "vitest";
import { testCli, type TestCli } from "../../support/cli.ts";
import { testImage } from "../../support/image.ts";
import { removeTestObjects } from "../../support/podman.ts";
import { rootlessUser, type RootlessUser } from "../../support/rootless.ts";
import { sshClient, type SshClient } from "../../support/ssh-client.ts";
import { openTerminal } from "../../support/tmux.ts";

// What differs for an ordinary user's Podman: who owns terminals, and how streams end.

let user: RootlessUser;
let cli: TestCli;
let client: SshClient;

beforeAll(async () => {
  user = await rootlessUser();
  const limits = { memory: "512MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ config: { image: await testImage(user), limits }, user });
  client = await sshClient(cli, user);
  expect(await cli.run(["create", "api"])).toMatchObject({ exitCode: 0 });
});
afterAll(async () => {
  await removeTestObjects(undefined, user);
  await cli.remove();
});

it("lets OpenSSH in, with and without a terminal [FR-002] [FR-003]", async () => {
  expect(await client.run(["api.devbox", "id -un; exit 6"])).toMatchObject({ stdout: "dev", exitCode: 6 });
  await using terminal = await openTerminal(client.ssh("api.devbox"), { env: client.env, cols: 91, rows: 27 });
  await terminal.waitFor("$");
  await terminal.type("stty size; exit 9");
  await terminal.press("Enter");
  await terminal.waitFor("27 91");
  expect(await terminal.exitCode()).toBe(9);
  await vi.waitFor(async () => {
    const { stdout } = await cli.run([
      "exec",
      "api",
      "--",
      "sh",
      "-c",
      "ps -eo args= | grep -c '[s]sh'; ls /run/user/1000",
    ]);
    expect(stdout).toBe("0");
  });
});
