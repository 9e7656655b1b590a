/** What stat(2) says about who may read a file. */
export interface FileRights {
  /** Permission bits; others are ignored. */
  readonly mode: number;
  readonly uid: number;
}

/**
 * Who else could read a secret's file, in words that follow "It"; undefined when nobody else can. A group counts only
 * when the owner is not root: what root gives to a group is given on purpose (agenix, sops-nix), and systemd's access
 * list for a service shows itself as the group's right. FR-045
 * @param self user id of whoever reads it
 */
export function exposure({ mode, uid }: FileRights, self: number): string | undefined {
  if (uid !== 0 && uid !== self) return `belongs to the user with the id ${uid}`;
  const rights = (mode & 0o777).toString(8).padStart(3, "0");
  if ((mode & 0o007) !== 0) return `can be read or changed by everybody (mode ${rights})`;
  if ((mode & 0o070) !== 0 && uid !== 0) return `can be read or changed by its group (mode ${rights})`;
  return undefined;
}
