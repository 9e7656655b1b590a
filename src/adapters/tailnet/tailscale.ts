import { hasCode } from "../../core/errors.ts";
import { isNodeId } from "../../core/tailnet.ts";
import { type Api, ask, idInPath, objectOf, type Question, type TailnetCalls } from "./api.ts";
import type { Credential } from "./credentials.ts";
import { checkUrl, messageIn, type Peer, strange } from "./errors.ts";
import { bearerFor } from "./oauth.ts";
import { allDevices, tailscaleDevice } from "./parse.ts";
import type { HttpAnswer } from "./run.ts";

/** Tailscale's own. */
export const TAILSCALE_API = "https://api.tailscale.com";

/** What it says of a device that it does not have, or that is not ours to manage. */
const NO_DEVICE = /no manageable device|no such device|device not found/i;
/** What it says of an address that it does not have; that also has the shape of its own errors. */
const NO_ADDRESS = /page not found/i;

/** Tailscale's API v2. @param tailnet its name; `-` is the one that the credential belongs to */
export function createTailscale(api: Api, credential: Credential, tailnet: string): TailnetCalls {
  const { peer } = api;
  const bearer = bearerFor(api, credential);
  const question = async (asked: Question): Promise<HttpAnswer> => {
    try {
      return await ask(api, { ...asked, bearer: await bearer.get() });
    } catch (error) {
      // A token may end before its time: the client was changed, or a clock was.
      if (!hasCode(error, "TAILNET_API_REFUSED") || !bearer.renew()) throw error;
    }
    return ask(api, { ...asked, bearer: await bearer.get() });
  };
  const pathOf = (nodeId: string) => `/api/v2/device/${idInPath(peer, nodeId, isNodeId)}`;

  const devices: TailnetCalls["devices"] = async () => {
    const path = `/api/v2/tailnet/${encodeURIComponent(tailnet)}/devices`;
    const answer = await question({ method: "GET", path, repeatable: true });
    const found = allDevices(objectOf(peer, answer).devices, tailscaleDevice);
    if (found === undefined) throw strange(peer, "It is no list of devices.");
    return found;
  };

  return {
    devices,
    device: async (nodeId) => {
      const answer = await question({ method: "GET", path: pathOf(nodeId), repeatable: true, accepts: lacks });
      if (answer.status === 404) {
        // Words that are new to us prove nothing, but the list does.
        if (NO_DEVICE.test(messageIn(answer) ?? "")) return undefined;
        return (await devices()).find((each) => each.nodeId === nodeId);
      }
      const device = tailscaleDevice(objectOf(peer, answer));
      if (device?.nodeId !== nodeId) throw strange(peer, "It is not the device that was asked for.");
      return device;
    },
    remove: async (nodeId) => {
      await question({ method: "DELETE", path: pathOf(nodeId), repeatable: true, accepts: lacks });
    },
    rename: async (nodeId, name) => {
      const body = { type: "application/json", text: JSON.stringify({ name }) };
      await question({ method: "POST", path: `${pathOf(nodeId)}/name`, body, repeatable: false });
    },
  };
}

/** A 404 that is about the device: one about the address, or somebody else's, is an error. */
function lacks(answer: HttpAnswer): boolean {
  const message = messageIn(answer);
  return answer.status === 404 && message !== undefined && !NO_ADDRESS.test(message);
}

/** Who is spoken to. */
export function tailscalePeer(address: Pick<Peer, "base" | "setting">, credential: Credential): Peer {
  const advice =
    credential.kind === "key"
      ? {
          refused: [
            "It has expired (90 days at most) or was revoked: make a new API key in the admin console, Settings > Keys",
            `Put it into ${credential.place}`,
          ],
          forbidden: ["Make the API key as an Owner, Admin or IT admin of the tailnet, or use an OAuth client"],
        }
      : {
          refused: [
            `Check that the OAuth client of tailnet.api.clientId still exists, and that ${credential.place} holds its secret`,
            "Make another one in the admin console, Settings > OAuth clients, with the scope devices:core",
          ],
          forbidden: ["Give the OAuth client the scope devices:core, with write access"],
        };
  return {
    title: "Tailscale",
    ...address,
    advice: {
      ...advice,
      unknown: ["Check tailnet.api.tailnet: - or the tailnet's name in the admin console", checkUrl(address)],
    },
  };
}
