import type { RebuildResult } from "../../usecases/rebuild.ts";
import { boxJson } from "./box.ts";

/** The end of `rebuild`, after its steps. */
export function presentRebuild({ box, previousImage }: RebuildResult): string {
  const from = previousImage === box.spec.image ? "" : ` (it was ${previousImage})`;
  return `  ${box.name} is made anew from ${box.spec.image}${from}; its home is as it was.`;
}

/** `rebuild --json`; its schema is docs/json/rebuild.schema.json. */
export function rebuildJson({ box, previousImage }: RebuildResult) {
  return { box: boxJson(box), state: box.desired, previousImage };
}
