import { readFile } from "node:fs/promises";
import { afterAll, beforeAll, beforeEach, describe, expect, it } from "vitest";
import { execa } from "execa";
import { jsonRefusal, refusal } from "../fixtures/bad-podman/refusal.ts";
import { testCli, type TestCli } from "../support/cli.ts";
import { testImage } from "../support/image.ts";
import { podmanOk } from "../support/podman.ts";
import { CANARY, type FakeOp, fakeOp, testToken } from "../support/secrets.ts";

// What `create` does when the key cannot be had: nothing, and it says why. By the built program from end to end.

const user = process.getuid?.() === 0 ? "root" : (process.env.USER ?? "");
const TOKEN = testToken("https://localhost:1");
const limits = { reserve: { memory: "1MiB", disk: "1MiB" }, memory: "128MiB", cpus: 0.5 };
const tailnet = { provider: "headscale", loginServer: "http://127.0.0.1:1" };
let cli: TestCli;
let op: FakeOp;
let image: string;

beforeAll(async () => {
  image = await testImage();
  cli = await testCli();
});
afterAll(() => cli.remove());
beforeEach(async () => {
  op = await fakeOp();
  await op.put("DevBox", "somebody-tailscale-authkey", `tskey-auth-${CANARY}`);
  return () => op[Symbol.asyncDispose]();
});

async function create(secrets: object, { mood = "", args = ["create", "api"], token = TOKEN } = {}) {
  await op.mood(mood);
  await cli.writeConfig({ image, limits, tailnet, secrets: { op: op.op, ...secrets } });
  const env = { DEBUG: "*", OP_SERVICE_ACCOUNT_TOKEN: token };
  const ran = await cli.run(args, { env });
  for (const secret of [CANARY, TOKEN]) expect(ran.stdout + ran.stderr).not.toContain(secret);
  return ran;
}

/** Nothing was made, and nothing secret was written down. */
async function nothingLeft(): Promise<void> {
  const { engine } = JSON.parse(await readFile(cli.configFile, "utf8")) as { engine: { namespace: string } };
  const filter = ["--filter", `label=devbox-ctl.namespace=${engine.namespace}`];
  expect(await podmanOk(["ps", "--all", "--quiet", ...filter])).toBe("");
  expect(await podmanOk(["volume", "ls", "--quiet", ...filter])).toBe("");
  expect(await cli.json(["list"])).toMatchObject({ boxes: [] });
  for (const secret of [CANARY, TOKEN.slice(0, 60)]) {
    expect((await execa("grep", ["-rlF", secret, cli.home], { reject: false })).stdout).toBe("");
  }
}

describe("a box whose key cannot be had", () => {
  it.each([
    ["", "1Password has no auth key for", /add \(or restore\) the item/],
    ["deleted", "1Password does not accept the service account's token.", /administrator has to make a new token/],
    ["limited", "1Password wants no more requests", /^Try again in 58 minutes/],
    ["offline", "1Password cannot be reached.", /network and name service/],
    ["indiscreet", "1Password gave no auth key.", /docs\/secrets\.md/],
  ])("is not made, and one is told what to do: op is %j [FR-011] [FR-014] [FR-015]", async (mood, message, next) => {
    const told = refusal(await create({ provider: "op-cli" }, { mood }), 8);
    expect(told.what).toContain(message);
    expect(told.next.join("\n")).toMatch(next);
    expect((await op.saw("reads")).split("\n")[0]).toBe(`op://DevBox/${user}-tailscale-authkey/password`);
    await nothingLeft();
  });

  it("is not made when 1Password's servers are not there [FR-011] [FR-014]", async () => {
    const ran = await create({ provider: "onepassword" }, { args: ["create", "api", "--json"] });
    expect(jsonRefusal({ ...ran, stderr: "" }, 8, "SECRETS_UNREACHABLE").why).toContain("error sending request");
    await nothingLeft();
  });

  it("is not made without a token, or without a provider [FR-014] [FR-045]", async () => {
    const what = async (secrets: object, token?: string) =>
      refusal(await create(secrets, token === undefined ? {} : { token }), 8).what;
    expect(await what({ provider: "onepassword" }, "")).toContain("token is not here");
    expect(await what({ provider: "op-cli" }, "ops_short")).toContain("is no service account token");
    expect(await what({ provider: "none" })).toContain("not configured where auth keys are kept");
    expect(await what({ provider: "file", dir: "/" })).toContain("is not safe in");
    expect(await op.saw("reads")).toBe("");
    await nothingLeft();
  });
});
