import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { testCli, type TestCli } from "../support/cli.ts";
import { testName } from "../support/ids.ts";
import { testImage } from "../support/image.ts";
import { podmanOk } from "../support/podman.ts";

const namespace = testName("rebuild");
const next = `localhost/${testName("next")}:1`;
const broken = `localhost/${testName("broken")}:1`;
let cli: TestCli;

/** An image that differs from another one by what is done in it, and by its settings. */
async function derive(from: string, tag: string, script: string, ...changes: readonly string[]): Promise<void> {
  const source = testName("source");
  await podmanOk(["run", "--name", source, "--entrypoint=sh", from, "-c", script]);
  const entry = changes.length > 0 ? changes : ['ENTRYPOINT ["/usr/libexec/devbox/init"]'];
  await podmanOk(["commit", "--quiet", ...entry.flatMap((change) => ["--change", change]), source, tag]);
  await podmanOk(["rm", source]);
}

beforeAll(async () => {
  const image = await testImage();
  await derive(image, next, "echo next >/etc/devbox-next");
  await derive(image, broken, "true", 'ENTRYPOINT ["/bin/false"]');
  const limits = { memory: "256MiB", reserve: { memory: "64MiB", disk: "64MiB" } };
  cli = await testCli({ config: { image, limits, engine: { namespace } } });
  await cli.json(["create", "api", "--yes"]);
  expect((await cli.run(["exec", "api", "--", "sh", "-c", "echo kept >file"])).exitCode).toBe(0);
});
afterAll(async () => {
  await cli.run(["destroy", "api", "--yes"]);
  await podmanOk(["rmi", "--force", next, broken]);
  await cli.remove();
});

const inBox = async (script: string): Promise<string> =>
  (await cli.run(["exec", "api", "--", "sh", "-c", script])).stdout.trim();
const containers = async (): Promise<string[]> => {
  const names = ["ps", "--all", "--filter", `label=devbox-ctl.namespace=${namespace}`, "--format", "{{.Names}}"];
  return (await podmanOk(names)).split("\n").filter((name) => name !== "");
};

describe("rebuild", () => {
  it("puts a box on another image, with its home, its name and its limits [X-13] [FR-013]", async () => {
    const before = (await cli.json(["status", "api"])) as { box: { memoryBytes: number; homeVolume: string } };
    const result = (await cli.json(["rebuild", "api", "--image", next])) as { box: unknown; state: string };
    expect(result).toMatchObject({ state: "running", box: { name: "api", image: next, ...limitsOf(before.box) } });
    expect(await inBox("cat file /etc/devbox-next; hostname")).toBe("kept\nnext\napi");
    expect(await containers()).toEqual([`${namespace}-api`]);
  });

  it("goes back when the new one is no good; nothing of it is left [X-13]", async () => {
    const { stdout, exitCode } = await cli.run(["rebuild", "api", "--image", broken, "--json"]);
    expect(exitCode).toBe(7);
    expect(JSON.parse(stdout)).toMatchObject({
      error: { message: expect.stringContaining("what it was before") as unknown },
    });
    expect(await inBox("cat file /etc/devbox-next")).toBe("kept\nnext");
    expect(await containers()).toEqual([`${namespace}-api`]);
    expect((await cli.json(["status", "api"])) as object).toMatchObject({ state: "running", box: { image: next } });
    expect((await cli.run(["doctor"])).stdout).not.toContain("api");
  });

  it("stops nothing for an image that is not here", async () => {
    const { startedAt } = (await cli.json(["status", "api"])) as { startedAt: string };
    expect(await cli.run(["rebuild", "api", "--image", "localhost/none:1"])).toMatchObject({ exitCode: 7 });
    expect(await cli.json(["status", "api"])).toMatchObject({ state: "running", startedAt });
  });

  it("leaves a stopped box stopped [X-13]", async () => {
    await cli.json(["stop", "api"]);
    await cli.json(["rebuild", "api"]);
    expect(await cli.json(["status", "api"])).toMatchObject({ state: "stopped", desired: "stopped" });
    await cli.json(["start", "api"]);
    expect(await inBox("cat file")).toBe("kept");
  });
});

const limitsOf = ({ memoryBytes, homeVolume }: { memoryBytes: number; homeVolume: string }) => ({
  memoryBytes,
  homeVolume,
});

describe("image check", () => {
  interface Checked {
    readonly problems: number;
    readonly findings: readonly { readonly status: string; readonly text: string }[];
  }
  const check = async (image: string): Promise<Checked & { exitCode: number }> => {
    const { stdout, exitCode } = await cli.run(["image", "check", image, "--json"]);
    return { ...(JSON.parse(stdout) as Checked), exitCode };
  };

  it("finds nothing wrong with the image that is built here, and leaves nothing behind", async () => {
    const { exitCode, problems, findings } = await check(await testImage());
    expect({ exitCode, problems }, JSON.stringify(findings, null, 2)).toEqual({ exitCode: 0, problems: 0 });
    expect(findings.length).toBeGreaterThan(15);
    const left = await podmanOk([
      "ps",
      "--all",
      "--quiet",
      "--filter",
      `label=devbox-ctl.namespace=${namespace}-check`,
    ]);
    expect(left).toBe("");
    expect(
      await podmanOk(["volume", "ls", "--quiet", "--filter", `label=devbox-ctl.namespace=${namespace}-check`]),
    ).toBe("");
  });

  it("names each promise that an image breaks, by trying it", async () => {
    const bad = `localhost/${testName("bad")}:1`;
    const script = [
      "cp /bin/dash /usr/local/bin/rootshell && chmod 4755 /usr/local/bin/rootshell",
      "mkdir -m 0777 /srv/open",
      "printf '#!/bin/sh\\nexit 0\\n' >/usr/local/bin/sudo && chmod 755 /usr/local/bin/sudo",
      "printf '#!/bin/sh\\necho nothing\\n' >/usr/libexec/devbox/activity",
      "printf '#!/bin/sh\\nexec cat /etc/passwd\\n' >/usr/libexec/devbox/send",
      "printf '#!/bin/sh\\necho Running\\n' >/usr/libexec/devbox/tailnet",
      "rm /usr/sbin/sshd",
    ].join(" && ");
    const label = "LABEL devbox-ctl.image.contract=9";
    await derive(await testImage(), bad, script, 'ENTRYPOINT ["/usr/libexec/devbox/init"]', "VOLUME /data", label);
    const { exitCode, findings } = await check(bad);
    const problems = findings.filter(({ status }) => status === "problem").map(({ text }) => text);
    await podmanOk(["rmi", bad]);
    expect(exitCode).toBe(11);
    const promises = [
      "contract=5",
      "/data",
      "rootshell",
      "/srv/open",
      "sudo",
      "activity",
      "send",
      "tailnet",
      "ssh-stdio",
    ];
    for (const words of promises) {
      expect(problems.join("\n")).toContain(words);
    }
    expect(problems).toHaveLength(10);
  });

  it("says so when a box of it does not even start", async () => {
    const { exitCode, findings } = await check(broken);
    expect(exitCode).toBe(11);
    expect(findings.at(-1)).toMatchObject({
      status: "problem",
      text: expect.stringContaining("becomes ready") as unknown,
    });
  });

  it("of an image that is not here is no finding but an error", async () => {
    expect(await cli.run(["image", "check", "localhost/none:1"])).toMatchObject({ exitCode: 7 });
  });
});

describe("a box whose programs are hostile", () => {
  it("keeps nobody from its status, and is not left printing for ever", async () => {
    const asRoot = (script: string): Promise<string> => podmanOk(["exec", `${namespace}-api`, "sh", "-c", script]);
    await asRoot("printf '#!/bin/sh\\nexec cat /dev/zero\\n' >/usr/libexec/devbox/services");
    expect(await cli.json(["status", "api"])).toMatchObject({ state: "running", services: null });
    expect((await asRoot("pgrep -fc '^cat /dev/zer[o]' || true")).trim()).toBe("0");
    await asRoot("printf '#!/bin/sh\\nprintf \"\\\\033[2J\"; exit 0\\n' >/usr/libexec/devbox/services");
    expect(await cli.json(["status", "api"])).toMatchObject({ services: null });
    expect((await cli.run(["status", "api"])).stdout).not.toContain("\u001b");
    await cli.json(["rebuild", "api"]);
  });
});
