import { randomBytes } from "node:crypto";
import { inspect } from "node:util";
import { afterAll, beforeAll, describe, expect, it } from "vitest";
import { systemClock } from "../../src/adapters/system/clock.ts";
import { createTailnet } from "../../src/adapters/tailnet/tailnet.ts";
import { DEFAULTS } from "../../src/core/config/defaults.ts";
import { DevboxError } from "../../src/core/errors.ts";
import { Secret } from "../../src/core/secret.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { type Headscale, startHeadscale } from "../support/headscale.ts";
import { testName } from "../support/ids.ts";
import { tailnetImage } from "../support/image.ts";
import { hunt, needlesFor } from "../support/leaks.ts";
import { podmanOk, removeTestObjects } from "../support/podman.ts";
import { fakeOp, type FakeOp, testToken } from "../support/secrets.ts";
import { eventually } from "../support/service-box.ts";
import { gatewayOf, logIn, loginOptions, runTailnetBox, TAILNET, type TailnetBox } from "../support/tailnet-box.ts";
import { me } from "../support/tailnet.ts";
import { answers, fakeTailscaleApi } from "../support/tailscale-api.ts";

// Those who would like to have a key, or to have us say it: an image that is somebody else's, a control plane, and dev.

/** A program in place of the image's own, which is given the key and does with it what the box's name says. */
const HOSTILE = `#!/bin/sh
[ "$1" != status ] || { printf '{"state":"NeedsLogin"}\\n'; exit; }
key=$(cat)
node='"state":"Running","id":"n1","nodeKey":"nodekey:${"ab".repeat(32)}","online":true'
case $3 in
  *-words-*) printf '\\033]0;evil\\007\\033[2J%s\\r%s\\n' "$key" "$key" >&2; exit 5 ;;
  *-plain-*) printf '%s\\n' "$key" ;;
  *-half-*) printf '{"state":"%s' "$key" ;;
  *-names-*) printf '{%s,"hostname":"%s","dnsName":"%s","addresses":["%s"],"tags":["%s"]}' "$node" "$key" "$key" "$key" "$key" ;;
  *-flood-*) yes "$key" ;;
  *-deep-*) head -c 3000000 /dev/zero | tr '\\000' '[' ;;
esac
`;

// eslint-disable-next-line no-control-regex -- they must not come out
const CONTROLS = /[\u0000-\u0009\u000b-\u001f\u007f-\u009f]/;

describe("a box of somebody else's image that is given a key", () => {
  // Of a shape of its own, and of none: headscale's before 0.27.
  const keys = {
    shaped: `hskey-auth-canaryCANARY-${randomBytes(32).toString("hex")}`,
    plain: randomBytes(24).toString("hex"),
  };
  let cli: TestCli;
  let op: FakeOp;

  beforeAll(async () => {
    const [maker, image] = [testName("hostile"), `localhost/${testName("hostile")}:latest`];
    await podmanOk([
      "create",
      "--interactive",
      "--name",
      maker,
      "--entrypoint",
      "sh",
      await tailnetImage(),
      "-c",
      `cat >${TAILNET}`,
    ]);
    await podmanOk(["start", "--attach", "--interactive", maker], { input: HOSTILE });
    await podmanOk([
      "commit",
      "--quiet",
      "--change",
      'ENTRYPOINT ["/usr/libexec/devbox/init"]',
      "--change",
      "CMD []",
      maker,
      image,
    ]);
    op = await fakeOp();
    cli = await testCli({
      env: { OP_SERVICE_ACCOUNT_TOKEN: testToken("my.1password.com") },
      config: {
        image,
        limits: { perUser: 50, global: 50, memory: "256MiB", reserve: { memory: "64MiB", disk: "64MiB" } },
        secrets: { provider: "op-cli", op: op.op },
        tailnet: { provider: "headscale", loginServer: "http://127.0.0.1:1" },
      },
    });
  });
  afterAll(async () => {
    await Promise.all([cli.remove(), op[Symbol.asyncDispose]()]);
  });

  it.each([
    ["words", 9],
    ["plain", 7],
    ["half", 7],
    ["names", 9],
    ["flood", 7],
    ["deep", 7],
  ])(
    "has us repeat it neither by its answer nor by its words: %s [FR-015]",
    { timeout: 120_000 },
    async (how, exitCode) => {
      for (const key of Object.values(keys)) {
        await op.put("DevBox", `${me}-tailscale-authkey`, key);
        const args = ["create", testName(how), "--additional"];
        const ran = await cli.run(key === keys.plain ? [...args, "--json"] : args);
        const output = ran.stdout + ran.stderr;
        expect([how, ran.exitCode, output]).toEqual([how, exitCode, expect.not.stringMatching(CONTROLS) as string]);
        const grounds = {
          dirs: [cli.home],
          shared: ["/dev/shm"],
          stamp: "/proc/self/stat",
          except: [],
          texts: { output },
        };
        expect(await hunt([needlesFor("key", key)], grounds)).toEqual([]);
      }
    },
  );
});

describe("a control plane that says again what it was told", () => {
  it.each([
    ["in an error", 400, (key: string) => ({ message: `${"x".repeat(180)} Bearer ${key}` }), {}],
    ["in something else", 200, (key: string) => `Authorization: Bearer ${key}`, {}],
    ["in a redirect", 302, () => "", { location: "http://127.0.0.1:1/" }],
    ["as a device", 200, (key: string) => ({ devices: [{ ...DEVICE, hostname: key, name: key, tags: [key] }] }), {}],
  ])("%s, has us show and keep none of it [FR-015]", async (_, status, body, headers) => {
    await using api = await fakeTailscaleApi();
    // As headscale's were, of no shape of their own.
    api.bearer = `aBcD123.${randomBytes(24).toString("hex")}`;
    const where = "location" in headers ? { location: `${headers.location}?k=${api.bearer}` } : {};
    for (let time = 0; time < 3; time += 1) api.instead.push(answers(status, body(api.bearer), where));
    const tailnet = createTailnet(
      {
        ...DEFAULTS.tailnet,
        provider: "tailscale",
        api: { ...DEFAULTS.tailnet.api, url: api.url, tokenFile: "/somewhere" },
      },
      { clock: systemClock, credentials: undefined, read: () => new Secret(api.bearer) },
    );
    const came: unknown = await tailnet?.devices().catch((error: unknown) => error);
    const shown = inspect(came, { depth: 9 }) + (came instanceof DevboxError ? [came.why, ...came.next].join() : "");
    for (const form of needlesFor("bearer", api.bearer).forms) expect(shown).not.toContain(form);
    expect(api.bearers).toContain(`Bearer ${api.bearer}`);
  });
});

const DEVICE = { nodeId: "n1", nodeKey: `nodekey:${"ab".repeat(32)}`, addresses: [], connectedToControl: true };

describe("dev, while the box logs in", () => {
  let box: TailnetBox;
  let headscale: Headscale;
  beforeAll(async () => {
    box = await runTailnetBox(await tailnetImage());
    headscale = await startHeadscale({ address: await gatewayOf(box) });
  });
  afterAll(async () => {
    await removeTestObjects();
    await headscale.remove();
  });

  const asDev = async (script: string): Promise<string> => {
    const { stdout, stderr } = await box.asDev("sh", "-c", script);
    return stdout + stderr;
  };
  const asRoot = async (script: string): Promise<string> => (await box.asRoot("sh", "-c", script)).stdout;
  const options = (...more: string[]): string[] => loginOptions(headscale, "demo", ...more);
  const open = "find /proc/[0-9]*/fd -lname '/run/devbox/*(deleted)' 2>/dev/null; ls -A /run/devbox";

  it("is not run in place of anything, from home, its path, settings or links [FR-015] [A-02]", async () => {
    const programs = "tailscale tailscaled curl jq head stat mktemp setpriv timeout flock sed tr cat sh";
    await asDev(`
      mkdir -p ~/.local/bin ~/bin ~/.config/tailscale ~/.config/sh
      for name in ${programs}; do
        for dir in ~/.local/bin ~/bin ~/workspace ~; do
          [ "$dir/$name" = ~/sh ] || printf '#!/bin/sh\\n/bin/cat /proc/self/environ - >>/tmp/evil\\n' >"$dir/$name"
          chmod +x "$dir/$name"
        done
      done
      for file in .profile .bashrc .bash_profile .bash_login .zshenv .shrc .kshrc .config/sh/rc .environment .pam_environment; do
        echo 'export LD_PRELOAD=/home/dev/evil.so PATH=/home/dev/bin:$PATH ENV=/home/dev/.shrc; touch /tmp/evil' >~/$file
      done
      echo 'output = /tmp/evil' >~/.curlrc; echo 'def evil: input;' >~/.jq
      ln -s /tmp/evil ~/.config/tailscale/authkey; mkdir -p ~/.local/share/tailscale`);
    await logIn(box, headscale, "demo");
    expect(await asRoot("ls /tmp/evil; true")).toBe("");
    // It is dev's own sessions that it spoils.
    await asRoot("find /home/dev -mindepth 1 -delete");
    await box.tailnet(["logout", "--timeout", "10"]);
  });

  it("gets no key by looking at everything all the time, and stops nothing [FR-015] [A-02]", async () => {
    const { key } = await headscale.boxKey("alice");
    const look = `end=$(($(date +%s) + 12)); while [ "$(date +%s)" -lt $end ]; do
      for p in /proc/[0-9]*; do
        cat $p/cmdline $p/environ $p/fd/8 $p/mem $p/maps $p/root/run/devbox/* $p/cwd/key /run/devbox/*/key 2>/dev/null
        [ -O $p ] || kill -STOP \${p#/proc/} 2>/dev/null
      done >>/tmp/loot; done`;
    const looking = asDev(look);
    await eventually(async () => expect(await asRoot("stat -c %s /tmp/loot")).toMatch(/^[1-9]\d*$/));
    for (let time = 0; time < 2; time += 1) {
      expect(await box.tailnet(["login", ...options()], key)).toMatchObject({ exitCode: 0 });
      expect(await box.tailnet(["logout", "--timeout", "10"])).toMatchObject({ exitCode: 0 });
    }
    await looking;
    const loot = await asRoot("tr '\\000' ' ' </tmp/loot | grep -aoE 'auth-key=[^ ]*|[th]skey-[^ ]*' | sort -u");
    // It saw the login, and nothing of the key.
    expect(loot).toBe("auth-key=file:/proc/self/fd/8");
  });

  it("cannot keep the box from logging in by filling its memory; where that is full, no key stays [FR-015]", async () => {
    const { key } = await headscale.boxKey("alice");
    const login = async () => {
      const ran = await box.tailnet(["login", ...options()], key);
      await box.tailnet(["logout", "--timeout", "10"]);
      expect(ran.stdout + ran.stderr).not.toContain(key);
      expect(await asRoot(open)).toBe("tailnet.lock");
      return ran.exitCode;
    };
    await asDev("for dir in /run/user/1000 /dev/shm; do head -c 4G /dev/zero >$dir/full; done");
    expect(await asRoot("df --output=avail /run/user | tail -n 1")).toMatch(/^\s*0$/);
    expect(await login()).toBe(0);
    await asDev("rm /run/user/1000/full /dev/shm/full");
    // Only root can fill this.
    await asRoot("head -c 4G /dev/zero >/run/full");
    expect(await login()).not.toBe(0);
    await asRoot("rm /run/full");
    expect(await login()).toBe(0);
  });

  it("finds that tailscaled keeps no key on its volume, nor what it logs [FR-015]", async () => {
    const { key } = await headscale.boxKey("alice");
    expect(await box.tailnet(["login", ...options()], key)).toMatchObject({ exitCode: 0 });
    // Its state is base64 in JSON, and in that JSON again.
    const state = await asRoot(
      "jq -r '.[] | @base64d' /var/lib/tailscale/tailscaled.state 2>/dev/null; cat /var/lib/tailscale/tailscaled.state; cat /run/log/devbox/tailscaled/*",
    );
    expect(state).toContain("PrivateNodeKey");
    for (const form of needlesFor("key", key).forms) expect(state).not.toContain(form);
  });
});
