import { formatSize } from "../../core/size.ts";
import { quote } from "../../core/text.ts";
import type { CopyResult } from "../../usecases/copy.ts";

/** The end of `cp` for a person. */
export function presentCopy(result: CopyResult): string {
  return `  ${quote(result.from)} is copied to ${quote(result.to)} (${formatSize(result.bytes)}).`;
}

/** `cp --json`; its schema is docs/json/copy.schema.json. */
export function copyJson({ from, to, kind, bytes, remarks }: CopyResult) {
  return { from, to, kind, bytes, remarks: [...remarks] };
}
