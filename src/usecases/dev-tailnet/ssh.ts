import { headscaleUrl } from "../../core/dev-tailnet/headscale-config.ts";
import { DevboxError } from "../../core/errors.ts";
import { quote } from "../../core/text.ts";
import { MINUTE } from "../../core/time.ts";
import { type DevTailnetDeps, toolsFor } from "./deps.ts";

/** Milliseconds that a key for the one login of a client is good for. */
const LOGIN_LIFE = 10 * MINUTE;

export interface DevSshInput {
  readonly name: string;
  /** Whose device goes there; the caller's unless told. */
  readonly user: string | undefined;
  /** The command, or undefined for a shell. */
  readonly command: readonly string[] | undefined;
}

/**
 * Opens a shell in a box, or runs a command there, by Tailscale SSH from a device that this machine is for it.
 * @returns the exit code
 * @throws {DevboxError} WRONG_STATE when the tailnet is not up, BOX_NOT_FOUND when the user may reach no such device,
 * USAGE, TAILNET_FAILED, TAILNET_NOT_SET_UP, BUSY
 */
export async function devTailnetSsh(deps: DevTailnetDeps, input: DevSshInput): Promise<number> {
  const { tailnet, caller } = deps;
  const user = input.user ?? caller.user;
  const record = tailnet.record();
  if (record === undefined || tailnet.state() !== "running") {
    throw new DevboxError("WRONG_STATE", "the tailnet of your own is not up.", {
      next: ["Start it: devbox-ctl tailnet dev up"],
    });
  }
  if (!record.users.includes(user)) {
    throw new DevboxError("USAGE", `${quote(user)} is no user of this tailnet.`, {
      why: `Its users: ${record.users.join(", ")}.`,
      next: ["Let them in: devbox-ctl tailnet dev up --user NAME"],
    });
  }
  const tools = await toolsFor(deps);
  const client = tailnet.client(user);
  const key = async () => {
    const control = tailnet.control(record);
    const id = (await control.users()).get(user) ?? (await control.addUser(user));
    return control.addAuthKey({ user: id, tags: [], reusable: false, life: LOGIN_LIFE });
  };
  await tailnet.alone(() => client.join(tools, { url: headscaleUrl(record), key }));
  const address = await client.addressOf(tools, input.name);
  if (address === undefined) {
    throw new DevboxError("BOX_NOT_FOUND", `${user} sees no device ${quote(input.name)} on this tailnet.`, {
      why: "It has not joined, or it is somebody else's: the rules show a user their own boxes alone.",
      next: ["See which devices there are: devbox-ctl tailnet dev status"],
    });
  }
  return client.ssh(tools, address, input.command);
}
