import { SYNC_PORT } from "../syncthing.ts";
import { IMAGE } from "../image-contract.ts";
import { tagsOf } from "../tailnet.ts";

/** Where Tailscale SSH answers. */
const SSH_PORT = 22;

/** The ports of a box that its owner reaches: a terminal, and what its services listen on. */
const PORTS = [
  SSH_PORT,
  ...new Set([...Object.values(IMAGE.services).flatMap(({ ports }) => ports), SYNC_PORT]),
].toSorted((a, b) => a - b);

/** headscale's way to write a user of its own. */
const userOf = (user: string): string => `${user}@`;
const ownTag = (user: string): string => `tag:${user}-container`;

/**
 * The rules of examples/tailnet-policy.hujson for these users, as JSON: each reaches the boxes with their own tag, by
 * Tailscale SSH as dev alone; a box reaches nobody, and the tag that all boxes have gives nobody anything. FR-050
 * @throws {DevboxError} TAILNET_WRONG_TAGS for a name that cannot be part of a tag
 */
export function policyFor(users: readonly string[]): string {
  const tags = [...new Set(users.flatMap((user) => tagsOf(user)))].sort();
  const policy = {
    // Nobody: a device gets a tag from the auth key that an administrator made, and by no wish of its own.
    tagOwners: Object.fromEntries(tags.map((tag) => [tag, []])),
    acls: users.map((user) => ({
      action: "accept",
      src: [userOf(user)],
      dst: [`${ownTag(user)}:${PORTS.join(",")}`],
    })),
    ssh: users.map((user) => ({ action: "accept", src: [userOf(user)], dst: [ownTag(user)], users: ["dev"] })),
  };
  return `${JSON.stringify(policy, null, 2)}\n`;
}
