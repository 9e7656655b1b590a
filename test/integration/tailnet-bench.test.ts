import { afterAll, beforeAll, expect, test } from "vitest";
import { startHeadscale, type Headscale } from "../support/headscale.ts";
import { startClient, type TailnetClient } from "../support/tailnet-client.ts";

let headscale: Headscale;
let alice: TailnetClient;

beforeAll(async () => {
  headscale = await startHeadscale();
  alice = await startClient(headscale, { user: "alice" });
});
afterAll(async () => {
  await alice.stop();
  await headscale.remove();
});

test("a client of the bench is a device of its user, without tags", async () => {
  const [node] = await headscale.nodes();
  expect(node).toMatchObject({ user: { name: "alice" }, givenName: "alice-client", tags: [] });
  expect(node?.nodeKey).toMatch(/^nodekey:[0-9a-f]{64}$/);
});

test("a control plane that was down knows its devices when it is back", async () => {
  await headscale.stop();
  await expect(headscale.nodes()).rejects.toThrow();
  await headscale.start();
  expect((await headscale.nodes()).map(({ name }) => name)).toEqual(["alice-client"]);
});
