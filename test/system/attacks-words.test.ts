import { spawn } from "node:child_process";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { type AttackHost, attackHost, PROGRAM } from "../support/attack-host.ts";
import { quoted } from "../support/host-ssh.ts";

// What people type, at a key and at sudo: options of others, quotes, line breaks, odd bytes, names of other people's things.

let at: AttackHost;
/** What alice's box is called everywhere. */
let apiId: string;
let apiVolumes: string[];

beforeAll(async () => {
  at = await attackHost();
  apiId = await at.containerId("api");
  const format = "{{range .Mounts}}{{.Name}} {{end}}";
  const mounts = await (await at.host.account()).run(["podman", "inspect", "--format", format, apiId]);
  apiVolumes = mounts.stdout.trim().split(/ +/);
}, 300_000);

afterAll(() => at.host.stop());

/** The same words by a key and by sudo: `[words, exit code, output]`. */
async function bothWays(words: readonly string[]): Promise<(readonly [string, number, string])[]> {
  const byKey = await at.bob.run(quoted(words));
  const bySudo = await at.alice.run(["sudo", "-n", "-u", "devbox", PROGRAM, ...words]);
  return [byKey, bySudo].map((ran) => [words.join(" "), ran.exitCode, ran.stdout + ran.stderr]);
}

async function expectRefused(tries: readonly (readonly string[])[], codes: readonly number[]): Promise<void> {
  for (const words of tries) {
    for (const [line, exitCode, output] of await bothWays(words)) {
      // Words that begin with an option name no command; the help is all that is run for them.
      const helped = exitCode === 0 && line.startsWith("-") && output.includes("devbox-ctl help");
      expect([line, helped || codes.includes(exitCode), exitCode]).toEqual([line, true, exitCode]);
      expect([line, /uid=\d|root:x:|ssh-ed25519 |node\.js/.test(output)]).toEqual([line, false]);
    }
  }
}

describe("options", () => {
  it("of others are refused, wherever they stand: another person, another configuration [FR-026] [SC-012]", async () => {
    await expectRefused(
      [
        ["--as", "carol", "gate"],
        ["--as", "bob", "gate", "list"],
        ["list", "--as", "carol"],
        ["list", "--as=carol"],
        ["--config", "/tmp/x", "list"],
        ["list", "--config", "/tmp/x"],
        ["list", "--config=/etc/shadow"],
        ["complete", "boxes", "--config=/etc/shadow"],
        ["create", "two", "--image", "--", "--config=/tmp/x"],
        ["create", "two", "--cpus", "--", "--config", "/tmp/x"],
        ["logs", "--since", "--", "--config=/tmp/x", "bobs"],
        ["audit", "--box", "--", "--config=/tmp/x"],
        ["-c", "id"],
        ["--inspect", "list"],
        ["list", "--json=/etc/passwd"],
        ["list", "--", "--config=/tmp/x"],
      ],
      [2, 4],
    );
  });

  it("and commands of administrators, of the account and of oclif are not done [FR-026]", async () => {
    await expectRefused(
      [
        ...[["list", "--all"], ["user", "list"], ["user:list"], ["user", "add-key", "bob", "--file", "-"], ["doctor"]],
        ...[["config", "show"], ["config:show"], ["image", "load", "/etc/shadow"], ["image:load", "-"], ["reap"]],
        ...[
          ["image", "build", "--zed-server", "/etc/shadow"],
          ["hand-over", "api", "bob"],
          ["resume"],
          ["image:prune"],
        ],
        ...[["host", "setup", "--yes"], ["config", "check", "/etc/shadow"], ["tailnet", "dev", "up"], ["plugins"]],
        ...[
          ["create", "mine", "--owner", "carol"],
          ["volume", "list", "--owner", "carol"],
          ["list", "--owner", "carol"],
        ],
        ...[["__proto__"], ["constructor"], ["toString", "list"], ["help", "--config=/etc/shadow"]],
      ],
      [2, 3, 4],
    );
    for (const word of ["__proto__", "constructor"]) expect((await at.bob.run(word)).stderr).not.toContain("object");
  });
});

describe("a line that comes by a key", () => {
  it("runs nothing by quotes, line breaks, substitutions or odd bytes [FR-002] [SC-012]", async () => {
    const odd = [
      "list\nid",
      "list\rid",
      "list\tid",
      "list\u001b[2J",
      "list \u0085id",
      "list ;id",
      "list|id",
      "list&id",
    ];
    const shell = [
      "$(id)",
      "list `id`",
      "list ${IFS}id",
      "list >/tmp/bob",
      "list 'a",
      'list "a',
      "list \\",
      "*",
      "list #",
    ];
    for (const line of [...odd, ...shell]) {
      const { stdout, stderr, exitCode } = await at.bob.run(line);
      expect([line, exitCode, (stdout + stderr).includes("uid=")]).toEqual([line, 2, false]);
    }
    expect((await at.host.root("ls /tmp/bob /var/lib/devbox/'$(id)'")).exitCode).not.toBe(0);
    expect((await at.bob.run("exec bobs -- printf %s '$(id) ${HOME} `id` *'")).stdout).toBe("$(id) ${HOME} `id` *");
  });

  it("may hold no bytes that are not UTF-8, and ends at none that is NUL [FR-002]", async () => {
    const say = (bytes: string) =>
      // A client that sends the bytes as they are, as a shell's printf makes them.
      new Promise<number | null>((resolve) => {
        const words = at.bob.ssh().map((word) => (/^[\w/.=@-]+$/.test(word) ? word : `'${word}'`));
        const shell = spawn("sh", ["-c", `${words.join(" ")} "$(printf '${bytes}')"`], {
          env: at.host.env,
          stdio: "ignore",
        });
        shell.on("exit", resolve);
      });
    for (const bytes of ["list\\377", "list \\300\\257", "list \\355\\240\\200", "status \\200"]) {
      expect([bytes, await say(bytes)]).toEqual([bytes, 2]);
    }
  });

  it("may be long, but not longer than a process may be told [FR-002]", async () => {
    const { exitCode, stderr } = await at.bob.run(`exec bobs -- true ${"x".repeat(70_000)}`);
    expect([exitCode, stderr]).toEqual([2, expect.stringContaining("too long")]);
  });
});

describe("names", () => {
  it("of other people's boxes are those of none, whatever form they have [FR-026] [SC-012]", async () => {
    const names = [
      "api",
      apiId,
      apiId.slice(0, 12),
      apiId.slice(0, 3),
      ...apiVolumes,
      "devbox-api",
      "ap",
      "api ",
      "API",
    ];
    const container = (await (await at.host.account()).run(["podman", "ps", "--format={{.Names}}"])).stdout.split("\n");
    expect(container.length).toBe(2);
    const commands = (name: string) => [
      ...[
        ["status", name],
        ["logs", name],
        ["exec", name, "--", "id"],
        ["ssh", name],
        ["ssh", name, "--stdio"],
      ],
      ...[
        ["stop", name],
        ["destroy", name, "--yes"],
        ["rebuild", name, "--yes"],
        ["cp", "-", `${name}:x`],
      ],
      ...[
        ["transfer", name, "send", "--", "x"],
        ["syncthing", "status", name],
      ],
    ];
    for (const name of [...names, ...container.filter((each) => each.includes("api")), "", "--all", "../api", "a*"]) {
      for (const words of commands(name).slice(0, name === "api" ? undefined : 4)) {
        const { exitCode, stdout } = await at.bob.run(quoted(words));
        expect([words, [2, 3].includes(exitCode), stdout.includes("uid=")]).toEqual([words, true, false]);
      }
    }
    expect((await at.alice.run("devbox-ctl list")).stdout).toMatch(/api +running/);
  });

  it("of another's box and of no box give the same words and the same code [FR-026] [SC-012]", async () => {
    for (const words of ["status", "logs", "start", "stop", "restart", "rotate-key", "syncthing status", "ssh"]) {
      const [other, none] = [await at.bob.run(`${words} api`), await at.bob.run(`${words} nil`)];
      expect({ ...none, stderr: none.stderr.replaceAll("nil", "api") }).toEqual(other);
    }
  });

  it("of volumes and images lead to no home of another's and to no file of the host's [FR-026] [SC-012]", async () => {
    const volumes = [...apiVolumes, "/:/x", "../../../../etc", "/var/lib/devbox", "--all", "bobs"];
    for (const volume of volumes) {
      expect(await at.bob.run(quoted(["create", "two", "--additional", `--volume=${volume}`]))).toMatchObject({
        exitCode: 3,
      });
      expect((await at.bob.run(quoted(["volume", "remove", "--yes", volume]))).exitCode).toBeGreaterThan(1);
    }
    const transports = ["dir:", "oci:", "oci-archive:", "docker-archive:", "containers-storage:", "ostree:"];
    const images = [
      ...transports.map((way) => `${way}/var/lib/devbox`),
      "/etc",
      "--privileged",
      "--volume=/:/x",
      "--rootfs=/",
      "",
    ];
    for (const image of images) {
      const { exitCode, stdout, stderr } = await at.bob.run(
        quoted(["create", "two", "--additional", `--image=${image}`]),
      );
      expect([image, exitCode === 0, stdout + stderr]).toEqual([image, false, expect.not.stringMatching(/is ready/)]);
    }
    expect(await at.bobsBoxes()).toEqual(["bobs"]);
    // What was begun for them is taken back.
    const account = await at.host.account();
    expect((await account.run(["podman", "ps", "-aq"])).stdout.split("\n").length).toBe(2);
    expect((await account.run(["podman", "volume", "ls", "-q"])).stdout).not.toContain("two");
  });

  it("that alice has are told to nobody by a list or a completion [FR-026] [SC-012]", async () => {
    for (const word of ["complete boxes", "complete volumes", "volume list", "list --json", "user show"]) {
      expect([word, (await at.bob.run(word)).stdout.includes(apiId.slice(0, 12))]).toEqual([word, false]);
      expect([word, /"?alice"?/.test((await at.bob.run(word)).stdout)]).toEqual([word, false]);
    }
  });
});
