import { authKeyItem } from "../../core/tailnet.ts";
import { count } from "../../core/text.ts";
import { knownArchives } from "../archives/known.ts";
import { listVolumes } from "../volumes.ts";
import type { UserDeps } from "./deps.ts";

/**
 * What devbox-ctl does not take away of a user, because it is not its own or cannot be brought back.
 * @returns sentences for the administrator, those first by which the user could still come
 */
export async function whatRemains(deps: UserDeps, user: string): Promise<string[]> {
  const { config, accounts } = deps;
  const homes = await keptHomes(deps, user);
  return [
    ...(Object.hasOwn(config.users, user)
      ? [`Take ${user} out of users in /etc/devbox/config.yaml: until then they may make boxes`]
      : []),
    ...(accounts.isAdministrator(user)
      ? [`Take ${user} out of the administrators' groups: until then they may do everything`]
      : []),
    ...(accounts.exists(user) ? [`Their account on this host is there: userdel ${user}, if it is to go`] : []),
    ...(homes === 0
      ? []
      : [
          `${count(homes, "home")} of theirs ${homes === 1 ? "is" : "are"} kept: devbox-ctl volume list --owner ${user}`,
        ]),
    ...(await archives(deps, user)),
    ...secret(config, user),
  ];
}

/** What is kept of boxes that are gone. */
async function archives(deps: UserDeps, user: string): Promise<string[]> {
  const kept = await knownArchives(deps, (owner) => owner === user);
  if (kept.length === 0) return [];
  const verb = kept.length === 1 ? "is" : "are";
  return [`${count(kept.length, "archive")} of theirs ${verb} kept: devbox-ctl archive list --owner ${user}`];
}

/** How many homes there are without a box; none are counted while the engine does not answer. */
async function keptHomes(deps: UserDeps, user: string): Promise<number> {
  try {
    const volumes = await listVolumes(deps, { owner: user });
    return volumes.filter(({ box }) => box === undefined).length;
  } catch {
    return 0;
  }
}

function secret({ secrets }: UserDeps["config"], user: string): string[] {
  const item = authKeyItem(user);
  if (secrets.provider === "none") return [];
  if (secrets.provider === "file") return [`Their auth key is kept: ${item} in ${secrets.dir ?? "secrets.dir"}`];
  return [
    `Their auth key is kept: the item ${item} in the vault ${secrets.vault} of 1Password; revoke the key as well`,
  ];
}
