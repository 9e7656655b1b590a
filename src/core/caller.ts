/**
 * By which way a command came. `local`: its user runs Podman themselves (personal mode). `sudo`: from a shell account of
 * the host. `key`: by an SSH key of the service account. `account`: the service account itself, such as its units.
 */
export type Via = "local" | "sudo" | "key" | "account";

/** Who is asking, found out by the system and never told by the caller. */
export interface Caller {
  readonly user: string;
  /** Their user id on this host; undefined for one who has only a key. */
  readonly uid: number | undefined;
  /** May act on everyone's boxes. In personal mode nobody is an administrator: all boxes are one's own. */
  readonly admin: boolean;
  readonly via: Via;
  /** The address that they came from, as sshd says it; undefined for those on the host itself. */
  readonly address?: string | undefined;
}
