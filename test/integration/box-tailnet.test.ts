import { once } from "node:events";
import { createServer, type Server } from "node:http";
import { afterAll, afterEach, beforeAll, describe, expect, it } from "vitest";
import { startHeadscale, type Headscale } from "../support/headscale.ts";
import { testName } from "../support/ids.ts";
import { tailnetImage } from "../support/image.ts";
import { podman, removeTestObjects } from "../support/podman.ts";
import { eventually } from "../support/service-box.ts";
import { gatewayOf, logIn, loginOptions, runTailnetBox, type TailnetBox } from "../support/tailnet-box.ts";

// The program `tailnet` of the box image against a real headscale.

const LOGGED_OUT = { state: "NeedsLogin", id: "", dnsName: "", addresses: [], tags: [], online: false };
const TAGS = ["tag:alice-container", "tag:devcontainer"];
const [home, secret] = [testName("home"), testName("private")];
let box: TailnetBox;
let headscale: Headscale;
let address: string;

beforeAll(async () => {
  box = await runTailnetBox(await tailnetImage(), [
    `--volume=${home}:/home/dev`,
    `--volume=${secret}:/var/lib/tailscale`,
  ]);
  address = await gatewayOf(box);
  headscale = await startHeadscale({ address });
});

afterAll(async () => {
  await removeTestObjects();
  await headscale.remove();
});

afterEach(async () => {
  await box.tailnet(["logout", "--timeout", "10"]);
  for (const { id } of await headscale.nodes()) await headscale.deleteNode(id);
});

const shell = async (script: string): Promise<string> => (await box.asRoot("sh", "-c", script)).stdout;
const login = (key: string, ...more: string[]) =>
  box.tailnet(["login", ...loginOptions(headscale, "demo", ...more)], key);
const renew = (key: string, ...more: string[]) =>
  box.tailnet(["renew", ...loginOptions(headscale, "demo", ...more)], key);
/** Nothing of a login is left: no key, no state put aside, nobody at work. */
const nothingLeft = async (): Promise<void> => {
  const left = await shell(
    "ls -A /run/devbox; ls -d /var/lib/tailscale/.devbox/before*; pgrep -fa '[l]ibexec/devbox/tailnet |[-]-state=mem:'",
  );
  expect(left).toBe("tailnet.lock");
};
/** The name, id and key of the only node that headscale has. */
const only = async () => {
  const nodes = await headscale.nodes();
  expect(nodes).toHaveLength(1);
  return nodes[0];
};

describe("login", () => {
  it("registers the box with its name and the key's tags, and a second one touches nothing [FR-011] [FR-049] [FR-050]", async () => {
    expect(await box.node()).toMatchObject(LOGGED_OUT);
    const node = await logIn(box, headscale, "demo");
    expect(node).toMatchObject({ state: "Running", hostname: "demo", online: true });
    expect(node.dnsName).toMatch(/^demo\./);
    expect([...node.tags].sort()).toEqual(TAGS);
    expect(await box.node()).toEqual(node);
    expect(await only()).toMatchObject({ id: node.id, nodeKey: node.nodeKey, ipAddresses: node.addresses });

    const expired = await headscale.authKey({ tags: TAGS, expiration: -1000 });
    expect(await login(expired.key)).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining("Running") as string,
    });
    expect(await box.node()).toEqual(node);
    await nothingLeft();
  });

  it("says what the control server says of a key that it refuses, at once, and is as before [FR-011] [SC-011]", async () => {
    const [used, expired] = [
      await headscale.authKey({ tags: TAGS, reusable: false }),
      await headscale.authKey({ tags: TAGS, expiration: -1000 }),
    ];
    expect(await login(used.key)).toMatchObject({ exitCode: 0 });
    await box.tailnet(["logout"]);
    const before = await shell("cat /var/lib/tailscale/tailscaled.state");
    for (const [key, words] of [
      [`hskey-auth-${"a".repeat(12)}-${"b".repeat(64)}`, "invalid pre auth key"],
      ["nonsense", "invalid pre auth key"],
      [expired.key, "authkey expired"],
      [used.key, "authkey already used"],
    ] as const) {
      const began = performance.now();
      expect(await login(key)).toEqual({
        exitCode: 5,
        stdout: "",
        stderr: `tailnet: the control server refuses: ${words}`,
      });
      expect(performance.now() - began).toBeLessThan(5000);
      expect(await box.node()).toMatchObject(LOGGED_OUT);
    }
    expect(await shell("cat /var/lib/tailscale/tailscaled.state")).toBe(before);
    expect(await headscale.nodes()).toEqual([]);
    await nothingLeft();
  });

  it("tells a server that does not answer from one that refuses, and tries no further [FR-011]", async () => {
    const { key } = await headscale.boxKey("alice");
    const garbage = await serve((_, end) => end(200, "<html>\u001b[31m nothing of the kind"));
    const port = new URL(headscale.url).port;
    for (const [url, words] of [
      [`http://${address}:1`, "connection refused"],
      [`https://${address}:${port}`, "server gave HTTP response to HTTPS client"],
      ["http://no-such-host.invalid", "resolve"],
      [garbage.url, "invalid character"],
    ] as const) {
      const asked = [...loginOptions({ url }, "demo"), "--timeout", "2"];
      const { exitCode, stderr } = await box.tailnet(["login", ...asked], key);
      expect({ exitCode, stderr }).toEqual({ exitCode: 7, stderr: expect.stringContaining(words) as string });
      // eslint-disable-next-line no-control-regex
      expect(stderr).toMatch(/^[^\u0000-\u0009\u000b-\u001f]*$/);
    }
    garbage.server.close();

    await headscale.stop();
    const down = await login(key, "--timeout", "2");
    expect(down).toMatchObject({ exitCode: 7 });
    await headscale.start();
    // tailscaled alone would have gone on with the key that it had.
    await new Promise((done) => setTimeout(done, 4000));
    expect(await headscale.nodes()).toEqual([]);
    expect(await box.node()).toMatchObject(LOGGED_OUT);
    await nothingLeft();
  });

  it("takes the secret of an OAuth client, whose device gets the tags that are asked for [FR-049] [FR-050]", async () => {
    const { key } = await headscale.authKey({ tags: TAGS });
    const asked: string[] = [];
    const api = await serve((request, end) => {
      asked.push(`${request.url} ${request.body}`);
      if (request.url.endsWith("/token")) end(200, '{"access_token":"t","token_type":"Bearer","expires_in":60}');
      else end(200, JSON.stringify({ id: "k", key }));
    });
    const secretOf = (more: string) => `tskey-client-kTest-${"s".repeat(20)}?baseURL=${api.url}${more}`;
    // headscale does not let a device with a tagged key ask for tags: that it refuses shows that they were asked for.
    const answer = await login(secretOf("&ephemeral=true&preauthorized=true"));
    expect(answer).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("requested tags") as string });
    const wish = asked.find((each) => each.includes("/keys")) ?? "";
    expect(JSON.parse(wish.slice(wish.indexOf(" ")))).toEqual({
      capabilities: {
        devices: {
          create: {
            reusable: false,
            ephemeral: true,
            preauthorized: true,
            tags: ["tag:devcontainer", "tag:alice-container"],
          },
        },
      },
    });
    api.server.close();
    const refusing = await serve((_, end) => end(401, '{"message":"API token invalid"}'));
    const bad = await login(secretOf("").replace(api.url, refusing.url));
    expect(bad).toMatchObject({ exitCode: 5, stderr: expect.stringContaining("401 Unauthorized") as string });
    const busy = await serve((_, end) => end(429, "{}"));
    expect(await login(secretOf("").replace(api.url, busy.url))).toMatchObject({ exitCode: 7 });
    for (const { server } of [refusing, busy]) server.close();
    await nothingLeft();
  });
});

describe("renew", () => {
  it("gives the node another key, and it keeps its id, name and addresses [FR-016]", async () => {
    const before = await logIn(box, headscale, "demo");
    const { key } = await headscale.boxKey("alice");
    const renewed = await renew(key);
    expect(renewed).toMatchObject({ exitCode: 0, stderr: "" });
    const after = await box.node();
    expect(JSON.parse(renewed.stdout)).toEqual(after);
    expect(after).toEqual({ ...before, nodeKey: after.nodeKey });
    expect(after.nodeKey).not.toBe(before.nodeKey);
    expect(await only()).toMatchObject({ id: before.id, nodeKey: after.nodeKey });

    // headscale takes a key with other tags, and leaves the node those that it has.
    const bob = await headscale.boxKey("bob");
    expect(await renew(bob.key)).toMatchObject({ exitCode: 0 });
    expect([...(await box.node()).tags].sort()).toEqual(TAGS);
    await nothingLeft();
  });

  it("leaves the node as it was when the key is refused, the server is away, or it is killed [FR-016]", async () => {
    const { key } = await headscale.boxKey("alice");
    expect(await renew(key)).toMatchObject({
      exitCode: 6,
      stderr: expect.stringContaining("not registered") as string,
    });
    const before = await logIn(box, headscale, "demo");
    const same = () => eventually(async () => expect(await box.node()).toEqual(before));

    expect(await renew("nonsense")).toMatchObject({ exitCode: 5, stdout: "" });
    await same();
    const away = ["--login-server", `http://${address}:1`, "--timeout", "2"];
    expect(await renew(key, ...away)).toMatchObject({ exitCode: 7, stdout: "" });
    await same();

    // Asked to end, it sets things right by itself; ended outright, the next call does, and the next start.
    for (const signal of ["TERM", "KILL"]) {
      const renewing = renew(key, ...away, "--timeout", "60");
      await eventually(async () => expect(await shell("ls /run/devbox/tailnet.*/said")).toContain("said"));
      await shell(`pkill -${signal} -f 'devbox/tailnet renew'`);
      expect((await renewing).exitCode).toBeGreaterThan(128);
      // The key goes with those that have it open, however they end.
      const open = "find /proc/[0-9]*/fd -lname '/run/devbox/*(deleted)'; ls /run/devbox/tailnet.*/key";
      await eventually(async () => expect(await shell(open)).toBe(""));
      await box.node();
      expect(await box.tailnet(["login", ...loginOptions(headscale, "demo")], key)).toMatchObject({ exitCode: 6 });
      await same();
      await nothingLeft();
    }
    const renewing = renew(key, ...away, "--timeout", "60");
    await eventually(async () => expect(await shell("ls /run/devbox/tailnet.*/said")).toContain("said"));
    await podman(["kill", "--signal", "KILL", box.name]);
    await renewing;
    await eventually(() => box.start());
    await box.until("tailscaled", "ready");
    await same();
    await nothingLeft();
  });
});

/** A web server on the address that boxes reach. */
async function serve(
  answer: (
    request: { readonly url: string; readonly body: string },
    end: (status: number, text: string) => void,
  ) => void,
): Promise<{ readonly url: string; readonly server: Server }> {
  const server = createServer((request, response) => {
    const parts: Buffer[] = [];
    request.on("data", (part: Buffer) => parts.push(part));
    request.on("end", () => {
      answer({ url: request.url ?? "", body: Buffer.concat(parts).toString() }, (status, text) => {
        response.writeHead(status, { "content-type": "application/json" }).end(text);
      });
    });
  }).listen(0, address);
  await once(server, "listening");
  const at = server.address();
  return { url: `http://${address}:${String(typeof at === "object" ? at?.port : "")}`, server };
}
