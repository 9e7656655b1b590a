import { formatSize } from "../../core/size.ts";
import { ago, type Millis } from "../../core/time.ts";
import type { ListedVolume } from "../../usecases/volumes.ts";
import { jsonTime, orNull } from "../json.ts";
import type { Style } from "../style.ts";
import { table } from "./table.ts";

/** When a listing is shown, and whether it says whose each thing is. */
export interface Listing {
  readonly now: Millis;
  readonly owners: boolean;
}

/** `volume list` for a person. */
export function presentVolumes(style: Style, volumes: readonly ListedVolume[], { now, owners }: Listing): string {
  if (volumes.length === 0) return owners ? "  There are no home volumes." : "  You have no home volumes.";
  const rows = volumes.map((volume) => [
    volume.name,
    ...(owners ? [volume.owner] : []),
    volume.box === undefined ? `kept (was ${volume.madeFor})` : `home of ${volume.box}`,
    volume.size === undefined ? "-" : formatSize(volume.size),
    volume.createdAt === undefined ? "-" : ago(volume.createdAt, now),
  ]);
  return table(style, ["NAME", ...(owners ? ["OWNER"] : []), "USE", "SIZE", "CREATED"], rows);
}

/** `volume list --json`; its schema is docs/json/volume-list.schema.json. */
export function volumesJson(volumes: readonly ListedVolume[]) {
  return {
    volumes: volumes.map((volume) => ({
      name: volume.name,
      owner: volume.owner,
      box: orNull(volume.box),
      madeFor: volume.madeFor,
      createdAt: jsonTime(volume.createdAt),
      sizeBytes: orNull(volume.size),
    })),
  };
}
