import type { Ledger } from "../../ports/ledger.ts";
import type { LedgerCore } from "./ledger.ts";

type VolumeCalls = Pick<Ledger, "volumeOwners" | "setVolumeOwner" | "forgetVolume">;

/** Whose volumes are that were handed over. */
export function ownedVolumeCalls(core: LedgerCore): VolumeCalls {
  return {
    volumeOwners: () =>
      new Map(core.query("SELECT name, owner FROM volumes").map((row) => [row.name as string, row.owner as string])),
    setVolumeOwner: (volume, owner) => {
      core.query(
        "INSERT INTO volumes VALUES (?, ?) ON CONFLICT (name) DO UPDATE SET owner = excluded.owner",
        ...[volume, owner],
      );
    },
    forgetVolume: (volume) => {
      core.query("DELETE FROM volumes WHERE name = ?", volume);
    },
  };
}
