import type { Secret } from "../../core/secret.ts";
import { type Api, ask, idInPath, objectOf, type Question, type TailnetCalls } from "./api.ts";
import type { Credential } from "./credentials.ts";
import { checkUrl, messageIn, parsed, type Peer, strange } from "./errors.ts";
import { allDevices, headscaleDevice } from "./parse.ts";
import type { HttpAnswer } from "./run.ts";

/** gRPC's NOT_FOUND, which its gateway puts into the answers. */
const NOT_FOUND = 5;
/** What the gateway itself says of an address that it does not have; headscale's own words name the node. */
const NO_ADDRESS = "Not Found";

/** A node's number. */
const isNumber = (nodeId: string): boolean => /^[1-9]\d{0,18}$/.test(nodeId);

/** headscale's API v1, as version 0.29 has it. */
export function createHeadscale(api: Api, key: Secret): TailnetCalls {
  const { peer } = api;
  const question = (asked: Omit<Question, "bearer">) => ask(api, { ...asked, bearer: key });
  const pathOf = (nodeId: string) => `/api/v1/node/${idInPath(peer, nodeId, isNumber)}`;

  const devices: TailnetCalls["devices"] = async () => {
    const answer = await question({ method: "GET", path: "/api/v1/node", repeatable: true });
    const found = allDevices(objectOf(peer, answer).nodes, headscaleDevice);
    if (found === undefined) throw strange(peer, "It is no list of nodes.");
    return found;
  };

  return {
    devices,
    device: async (nodeId) => {
      const answer = await question({ method: "GET", path: pathOf(nodeId), repeatable: true, accepts: lacks });
      if (answer.status === 404) return undefined;
      const device = headscaleDevice(objectOf(peer, answer).node);
      if (device?.nodeId !== nodeId) throw strange(peer, "It is not the node that was asked for.");
      return device;
    },
    remove: async (nodeId) => {
      await question({ method: "DELETE", path: pathOf(nodeId), repeatable: true, accepts: lacks });
    },
    rename: async (nodeId, name) => {
      const path = `${pathOf(nodeId)}/rename/${encodeURIComponent(name)}`;
      await question({ method: "POST", path, repeatable: false });
    },
  };
}

/** A 404 that is about the node: one about the address, or a proxy's, is an error. */
function lacks(answer: HttpAnswer): boolean {
  const body = parsed(answer.text);
  const code = typeof body === "object" && body !== null && "code" in body ? body.code : undefined;
  return answer.status === 404 && code === NOT_FOUND && messageIn(answer) !== NO_ADDRESS;
}

/** Who is spoken to. */
export function headscalePeer(address: Pick<Peer, "base" | "setting">, { place }: Credential): Peer {
  const renew = [
    "It has expired or was revoked; on headscale's host: headscale apikeys create --expiration 90d",
    `Put the new key into ${place}`,
  ];
  return { title: "headscale", ...address, advice: { refused: renew, forbidden: renew, unknown: [checkUrl(address)] } };
}
